use anchor_lang::prelude::*;
use market::state::Provider;
use proofmill_protocol::limits;

use crate::{error::ArbiterError, events::ExecutorLeft, state::ExecutorList};

#[derive(Accounts)]
pub struct LeaveExecutors {
    #[account(constraint = *operator.address() == provider.operator || *operator.address() == provider.owner @ ArbiterError::NotOperator)]
    pub operator: Signer,
    pub provider: Account<Provider>,
    #[account(mut)]
    pub executors: Account<ExecutorList>,
}

pub fn handle(ctx: &mut Context<LeaveExecutors>) -> Result<()> {
    let a = &mut ctx.accounts;
    let at = a.executors.position(&a.provider.address().to_bytes()).ok_or(ArbiterError::NotListed)?;
    let last = usize::from(a.executors.count).saturating_sub(1);
    require!(last < limits::EXECUTORS_MAX, ArbiterError::ListFull);
    a.executors.providers[at] = a.executors.providers[last];
    a.executors.owners[at] = a.executors.owners[last];
    a.executors.providers[last] = [0; 32];
    a.executors.owners[last] = [0; 32];
    a.executors.count = a.executors.count.saturating_sub(1);
    emit!(ExecutorLeft { provider: *a.provider.address(), class_key: a.executors.class_key });
    Ok(())
}
