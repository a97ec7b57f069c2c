// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use crate::state::{ExecutorList, LAYOUT_VERSION};

#[derive(Accounts)]
#[instruction(class_key: [u8; 32])]
pub struct OpenExecutors {
    #[account(mut)]
    pub payer: Signer,
    #[account(init, payer = payer, seeds = [seeds::EXECUTORS, &class_key], bump)]
    pub executors: Account<ExecutorList>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<OpenExecutors>, class_key: [u8; 32]) -> Result<()> {
    let list = &mut ctx.accounts.executors;
    list.version = LAYOUT_VERSION;
    list.bump = ctx.bumps.executors;
    list.class_key = class_key;
    Ok(())
}
