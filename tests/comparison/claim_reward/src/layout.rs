//! Where the market keeps what is read here. A test compares each with the generated client.

/// First eight bytes of the instruction, of the accounts and of the event.
pub const CLAIM_REWARD: [u8; 8] = [149, 95, 181, 242, 94, 90, 158, 162];
pub const JOB: [u8; 8] = [75, 124, 80, 203, 161, 180, 202, 80];
pub const PROVIDER: [u8; 8] = [164, 180, 71, 17, 75, 216, 80, 195];
pub const REWARD_CLAIMED: [u8; 8] = [49, 28, 87, 84, 158, 48, 229, 175];

pub const JOB_LEN: usize = 840;
pub const JOB_BUMP: usize = 9;
pub const JOB_STATE: usize = 11;
pub const JOB_CLAIMED: usize = 16;
pub const JOB_INDEX: usize = 80;
pub const JOB_PAID: usize = 136;
pub const JOB_TENANT: usize = 296;
pub const JOB_MINT: usize = 328;
pub const JOB_VAULT: usize = 360;
pub const JOB_PROVIDER: usize = 392;

pub const PROVIDER_LEN: usize = 440;
pub const PROVIDER_OWNER: usize = 48;
