use proofmill_client::{arbiter, event_log, market};

/// Decoding every account type of both programs: no bytes make it panic, and a layout has one writing.
pub fn account_bytes(data: &[u8]) {
    macro_rules! accounts {
        ($($program:ident::$account:ident),* $(,)?) => {$(
            if let Ok(account) = $program::$account::decode(data) {
                assert!(data.starts_with(&account.encode()), stringify!($account));
            }
        )*};
    }
    accounts!(
        market::Bid,
        market::Config,
        market::Job,
        market::JobArray,
        market::MintRule,
        market::Offer,
        market::Provider,
        market::QueuedConfig,
        market::RewardPool,
        market::SlashCase,
        market::Stake,
        arbiter::ArbiterConfig,
        arbiter::Beacon,
        arbiter::DrandConfig,
        arbiter::Evidence,
        arbiter::ExecutorList,
        arbiter::Plant,
        arbiter::Planter,
        arbiter::QueuedArbiter,
        arbiter::RootBallot,
        arbiter::Roster,
        arbiter::Round,
        arbiter::UsageWitness,
        arbiter::ValidatorSet,
        arbiter::Verdict,
        arbiter::WitnessRoot,
    );
    let _ = (market::decode_event(data), arbiter::decode_event(data));
    let lines: Vec<String> = String::from_utf8_lossy(data).lines().map(str::to_owned).collect();
    let _ = event_log::events(&lines);
}
