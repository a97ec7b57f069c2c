use crate::laws::*;
use proofmill_protocol::limits;

const POOL: u64 = 1_000_000;

/// A world with a funded pool for epoch 1, and the epoch's rewards root over three weights.
fn funded(weights: &[u64]) -> (World, Address) {
    let mut w = TestBuilder::ready();
    let funder = w.outsider;
    w.fund(funder, w.stake_mint, POOL);
    w.ok(w.open_reward_pool(1));
    w.ok(w.fund_rewards(funder, 1, POOL));
    let root = w.do_reward_root(1, weights);
    (w, root)
}

fn reward(w: &World, provider: usize) -> u64 {
    w.tokens(&address::token_account(&w.providers[provider].owner, &w.stake_mint))
}

#[test]
fn a_pool_is_divided_by_weight_and_what_rounding_leaves_stays_in_it() {
    let weights = [1, 2, 4];
    let (mut w, root) = funded(&weights);
    for (provider, due) in [(2, 571_428), (0, 142_857), (1, 285_714)] {
        w.ok(w.claim_epoch_reward(1, provider, root, w.reward_claim(&weights, provider)));
        assert_eq!(reward(&w, provider), due);
    }
    let pool = w.pool(1);
    assert_eq!((pool.paid, w.tokens(&pool.vault)), (999_999, 1));
}

#[test]
fn a_provider_claims_an_epoch_once_and_none_before_it() {
    let weights = [1, 1, 1];
    let (mut w, root) = funded(&weights);
    w.fund(w.outsider, w.stake_mint, POOL);
    w.ok(w.open_reward_pool(2));
    w.ok(w.fund_rewards(w.outsider, 2, POOL));
    let second = w.do_reward_root(2, &weights);
    let claim = w.reward_claim(&weights, 0);
    w.ok(w.claim_epoch_reward(1, 0, root, claim));
    w.refused(w.claim_epoch_reward(1, 0, root, claim), MarketError::EpochRewarded);
    w.ok(w.claim_epoch_reward(2, 0, second, claim));
    w.refused(w.claim_epoch_reward(1, 0, root, claim), MarketError::EpochRewarded);
    // Who claims the later one first has passed over the earlier one.
    let claim = w.reward_claim(&weights, 1);
    w.ok(w.claim_epoch_reward(2, 1, second, claim));
    w.refused(w.claim_epoch_reward(1, 1, root, claim), MarketError::EpochRewarded);
    assert_eq!((w.provider(0).rewarded_epoch, reward(&w, 0)), (2, 666_666));
}

#[test]
fn only_the_weight_and_place_that_the_root_holds_are_paid() {
    let weights = [3, 5, 7];
    let (mut w, root) = funded(&weights);
    let right = w.reward_claim(&weights, 0);
    let mut path = right.path;
    path[0][0] ^= 1;
    for wrong in [
        market::RewardClaim { weight: 15, ..right },
        market::RewardClaim { weight: u64::MAX, ..right },
        market::RewardClaim { weight: 0, ..right },
        market::RewardClaim { index: 1, ..right },
        market::RewardClaim { index: 3, ..right },
        market::RewardClaim { index: u32::MAX, ..right },
        market::RewardClaim { depth: 1, ..right },
        market::RewardClaim { depth: 0, ..right },
        market::RewardClaim { depth: 20, ..right },
        market::RewardClaim { depth: 21, ..right },
        market::RewardClaim { depth: 255, ..right },
        market::RewardClaim { path, ..right },
    ] {
        w.refused(w.claim_epoch_reward(1, 0, root, wrong), MarketError::RewardProofInvalid);
    }
    // Another provider with the first one's proof.
    w.refused(w.claim_epoch_reward(1, 1, root, right), MarketError::RewardProofInvalid);
    assert_eq!((w.provider(0).rewarded_epoch, w.pool(1).started, w.pool(1).paid), (0, 0, 0));
    w.ok(w.claim_epoch_reward(1, 0, root, right));
    assert_eq!(reward(&w, 0), 200_000);
}

#[test]
fn only_the_arbiters_final_rewards_root_of_the_epoch_counts() {
    let weights = [1, 1, 1];
    let (mut w, root) = funded(&weights);
    let (claim, right) = (w.reward_claim(&weights, 0), w.data(&root));
    let copy = w.foreign_copy(root);
    let next = w.do_reward_root(2, &weights);
    for account in [copy, next, address::roster(), w.outsider] {
        w.refused(w.claim_epoch_reward(1, 0, account, claim), MarketError::RewardRootInvalid);
    }
    // Discriminator, version, kind, epoch; and a byte too few.
    for field in [0, 8, 10, 12] {
        let mut wrong = right.clone();
        wrong[field] ^= 1;
        w.put(root, arbiter::ID, wrong);
        w.refused(w.claim_epoch_reward(1, 0, root, claim), MarketError::RewardRootInvalid);
    }
    w.put(root, arbiter::ID, right[..right.len() - 1].to_vec());
    w.refused(w.claim_epoch_reward(1, 0, root, claim), MarketError::RewardRootInvalid);
    w.put(root, arbiter::ID, right);
    w.ok(w.claim_epoch_reward(1, 0, root, claim));
}

/// A captured arbiter may write a second root: the pool keeps to the first that was used, and never pays more than it has.
#[test]
fn one_pool_is_divided_one_way_and_pays_no_more_than_it_holds() {
    let weights = [1, 1, 1];
    let (mut w, root) = funded(&weights);
    let other = w.do_reward_root(1, &[0, 0, 9]);
    w.ok(w.claim_epoch_reward(1, 0, root, w.reward_claim(&weights, 0)));
    w.refused(w.claim_epoch_reward(1, 2, other, w.reward_claim(&[0, 0, 9], 2)), MarketError::RewardRootInvalid);
    // A root whose stated total is smaller than the sum of its weights.
    let (mut w, root) = funded(&[6, 6, 6]);
    let mut data = w.data(&root);
    data[24..32].copy_from_slice(&8u64.to_le_bytes());
    w.put(root, arbiter::ID, data);
    for (provider, due) in [(0, 750_000), (1, 250_000), (2, 0)] {
        w.ok(w.claim_epoch_reward(1, provider, root, w.reward_claim(&[6, 6, 6], provider)));
        assert_eq!(reward(&w, provider), due);
    }
}

#[test]
fn rewards_go_to_the_providers_owner_out_of_the_pools_own_vault() {
    let weights = [1, 1, 1];
    let (mut w, root) = funded(&weights);
    w.ok(w.open_reward_pool(2));
    let honest = w.claim_epoch_reward(1, 0, root, w.reward_claim(&weights, 0));
    let thief = w.fund(w.providers[0].operator, w.stake_mint, 0);
    w.refused(swap(honest.clone(), "claim_epoch_reward", "destination", thief), MarketError::NotOwner);
    let elsewhere = address::reward_vault(&address::reward_pool(2));
    w.refused(swap(honest.clone(), "claim_epoch_reward", "vault", elsewhere), MarketError::NotNativeMint);
    w.refused(swap(honest.clone(), "claim_epoch_reward", "mint", w.mints[0]), MarketError::NotNativeMint);
    w.ok(honest);
}

#[test]
fn a_pool_is_in_the_native_token_and_closed_to_gifts_once_claims_began() {
    let weights = [1, 1, 1];
    let (mut w, root) = funded(&weights);
    w.refused(swap(w.open_reward_pool(3), "open_reward_pool", "mint", w.mints[0]), MarketError::NotNativeMint);
    w.refused(w.open_reward_pool(0), MarketError::CountOutOfBounds);
    assert!(w.send(w.open_reward_pool(1)).is_err());
    w.ok(w.claim_epoch_reward(1, 0, root, w.reward_claim(&weights, 0)));
    w.fund(w.outsider, w.stake_mint, 1);
    w.refused(w.fund_rewards(w.outsider, 1, 1), MarketError::PoolStarted);
}

#[test]
fn what_nobody_claims_rolls_over_after_enough_epochs() {
    let weights = [1, 1, 2];
    let (mut w, root) = funded(&weights);
    let last = 1 + limits::REWARD_CLAIM_EPOCHS;
    let mut roots = vec![];
    for epoch in [last - 1, last, last + 1, last + 2] {
        w.ok(w.open_reward_pool(epoch));
        roots.push(w.do_reward_root(epoch, &weights));
    }
    w.ok(w.claim_epoch_reward(1, 2, root, w.reward_claim(&weights, 2)));
    w.refused(w.roll_rewards(1, last - 1, roots[0]), MarketError::RollOverTooEarly);
    // Into a far epoch, into itself, back.
    w.refused(w.roll_rewards(1, last + 2, roots[1]), MarketError::RollOverTooEarly);
    w.refused(w.roll_rewards(last, 1, roots[3]), MarketError::RollOverTooEarly);
    w.refused(
        swap(w.roll_rewards(1, last, roots[1]), "roll_rewards", "witness_root", w.outsider),
        MarketError::RewardRootInvalid,
    );
    w.ok(w.roll_rewards(1, last + 1, roots[1]));
    assert_eq!((w.pool(1).paid, w.tokens(&w.pool(1).vault)), (POOL, 0));
    assert_eq!((w.pool(last + 1).funded, w.tokens(&w.pool(last + 1).vault)), (500_000, 500_000));
    w.refused(w.roll_rewards(1, last + 1, roots[1]), MarketError::NothingToSweep);
    // Who comes too late is paid nothing, and its next claim what the later pool holds.
    w.ok(w.claim_epoch_reward(1, 0, root, w.reward_claim(&weights, 0)));
    assert_eq!(reward(&w, 0), 0);
    w.ok(w.claim_epoch_reward(last + 1, 0, roots[2], w.reward_claim(&weights, 0)));
    assert_eq!(reward(&w, 0), 125_000);
    // A pool whose claims have begun takes no more.
    w.fund(w.outsider, w.stake_mint, 10);
    w.ok(w.fund_rewards(w.outsider, last, 10));
    w.refused(w.roll_rewards(last, last + 1, roots[3]), MarketError::RollOverTooEarly);
}

#[test]
fn a_tree_of_many_leaves_is_proved_by_its_longest_path() {
    let mut weights = vec![1u64; 300];
    weights[2] = 701;
    let (mut w, root) = funded(&weights);
    let claim = w.reward_claim(&weights, 2);
    assert_eq!(claim.depth, 9);
    let sent = w.ok(w.claim_epoch_reward(1, 2, root, claim));
    assert_eq!(reward(&w, 2), 701_000);
    assert!(sent.bytes <= 1_232, "{} bytes", sent.bytes);
}
