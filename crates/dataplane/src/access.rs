//! Who may read or write what. One pure function over facts that the chain states; every handler asks it first.
//!
//! | role | may get | may put |
//! |---|---|---|
//! | tenant | everything | spec and input, before the attempt starts |
//! | re-executor | spec and input: it must compute the outputs, not copy them | nothing |
//! | committee member | everything | nothing |
//! | provider's own node | everything: it fetches spec and input from a tenant's node, and made the rest | nothing |
//! | anyone else | nothing | nothing |
//!
//! A key with several roles acts in the first of them in this order. So a re-executor who also sits on the committee
//! stays blind to the outputs, and a tenant is never cut off from what is the tenant's own.
//!
//! A service has no outputs to judge. Its ports and its usage have rules of their own:
//!
//! | role | tunnel | read the usage | sign the usage |
//! |---|---|---|---|
//! | tenant | while it runs | once it has started | once it has started |
//! | validator of the current set | no | once it has started: the arbiter witnesses what a tenant does not sign | no |
//! | anyone else | no | no | no |

use crate::{
    name::BlobKind,
    refusal::{Refusal, RefusalCode},
};

/// What is wanted of a blob. Following a log is getting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Read it.
    Get,
    /// Write it.
    Put,
}

/// What the chain says about one attempt of one job. The keys are node keys.
#[derive(Clone, Copy, Debug)]
pub struct AccessFacts<'a> {
    /// The tenant's.
    pub tenant: [u8; 32],
    /// That of the provider matched to the attempt.
    pub provider_node: [u8; 32],
    /// Those of the committee drawn for the job.
    pub committee: &'a [[u8; 32]],
    /// Those of the providers who run the job again.
    pub re_executors: &'a [[u8; 32]],
    /// Whether the attempt has started: from then on its spec and input are fixed.
    pub started: bool,
}

/// What a key is to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It pays for the job.
    Tenant,
    /// It runs the job again, to compare.
    ReExecutor,
    /// It judges the job.
    Committee,
    /// It runs the job.
    Provider,
}

impl AccessFacts<'_> {
    /// The role a key acts in.
    pub fn role_of(&self, peer: &[u8; 32]) -> Option<Role> {
        if *peer == self.tenant {
            Some(Role::Tenant)
        } else if self.re_executors.contains(peer) {
            Some(Role::ReExecutor)
        } else if self.committee.contains(peer) {
            Some(Role::Committee)
        } else if *peer == self.provider_node {
            Some(Role::Provider)
        } else {
            None
        }
    }
}

/// Whether `peer` may do this to a blob of this kind.
pub fn may(facts: &AccessFacts<'_>, peer: &[u8; 32], verb: Verb, kind: BlobKind) -> Result<(), Refusal> {
    let Some(role) = facts.role_of(peer) else {
        return Err(no_role());
    };
    let given = matches!(kind, BlobKind::Spec | BlobKind::Input);
    match (role, verb) {
        (Role::Tenant, Verb::Get) | (Role::Committee, Verb::Get) | (Role::Provider, Verb::Get) => Ok(()),
        (Role::Tenant, Verb::Put) if given && facts.started => {
            Err(Refusal::new(RefusalCode::TooLate, format!("the attempt has started: its {kind} is fixed")))
        }
        (Role::Tenant, Verb::Put) if given => Ok(()),
        (Role::ReExecutor, Verb::Get) if given => Ok(()),
        (Role::ReExecutor, Verb::Get) => Err(not_allowed("a re-executor sees only the spec and the input")),
        (Role::Tenant, Verb::Put) => Err(not_allowed("a tenant writes only the spec and the input")),
        (Role::ReExecutor | Role::Committee | Role::Provider, Verb::Put) => {
            Err(not_allowed("only the tenant writes here"))
        }
    }
}

/// How far a service has come, as its node knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Not declared healthy yet: nothing is billed, and there is no total.
    Starting,
    /// Declared healthy.
    Running,
    /// Stopped in place because its escrow has run dry.
    Paused,
    /// Over; its last total can still be signed.
    Ended,
}

/// What is known of a service. The keys are node keys.
#[derive(Clone, Copy, Debug)]
pub struct ServiceFacts<'a> {
    /// The tenant's.
    pub tenant: [u8; 32],
    /// Those of the current validator set.
    pub validators: &'a [[u8; 32]],
    /// How far it has come.
    pub stage: Stage,
}

/// Whether `peer` may reach the ports of a service.
pub fn may_tunnel(facts: &ServiceFacts<'_>, peer: &[u8; 32]) -> Result<(), Refusal> {
    if *peer != facts.tenant {
        return Err(if facts.validators.contains(peer) {
            not_allowed("only the tenant reaches a port")
        } else {
            no_role()
        });
    }
    match facts.stage {
        Stage::Running => Ok(()),
        Stage::Starting => Err(Refusal::new(RefusalCode::NotReady, "the service is not healthy yet")),
        Stage::Paused => {
            Err(Refusal::new(RefusalCode::NotReady, "the escrow has run dry and the service waits: top it up"))
        }
        Stage::Ended => Err(Refusal::new(RefusalCode::TooLate, "the service has ended")),
    }
}

/// Whether `peer` may read the signed total of a service.
pub fn may_read_usage(facts: &ServiceFacts<'_>, peer: &[u8; 32]) -> Result<(), Refusal> {
    if *peer != facts.tenant && !facts.validators.contains(peer) {
        return Err(no_role());
    }
    match facts.stage {
        Stage::Running | Stage::Paused | Stage::Ended => Ok(()),
        Stage::Starting => Err(Refusal::new(RefusalCode::NotReady, "nothing is metered before the service is healthy")),
    }
}

/// Whether the signature of `peer` on a total of a service counts.
pub fn may_cosign(facts: &ServiceFacts<'_>, peer: &[u8; 32]) -> Result<(), Refusal> {
    may_read_usage(facts, peer)?;
    if *peer == facts.tenant { Ok(()) } else { Err(not_allowed("only the tenant signs for the tenant")) }
}

fn no_role() -> Refusal {
    Refusal::new(RefusalCode::NotAParty, "this key has no role in this job")
}

fn not_allowed(reason: &str) -> Refusal {
    Refusal::new(RefusalCode::NotAllowed, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlobKind::{Input, Log, Output, Receipt, Spec};
    use RefusalCode::{NotAParty, NotAllowed, TooLate};

    const TENANT: [u8; 32] = [1; 32];
    const PROVIDER: [u8; 32] = [2; 32];
    const JUDGE: [u8; 32] = [3; 32];
    const RERUN: [u8; 32] = [4; 32];
    const STRANGER: [u8; 32] = [5; 32];

    fn facts(started: bool) -> AccessFacts<'static> {
        AccessFacts {
            tenant: TENANT,
            provider_node: PROVIDER,
            committee: &[[30; 32], JUDGE],
            re_executors: &[[40; 32], RERUN],
            started,
        }
    }

    fn ruling(facts: &AccessFacts<'_>, peer: [u8; 32], verb: Verb, kind: BlobKind) -> Option<RefusalCode> {
        may(facts, &peer, verb, kind).err().map(|refusal| refusal.code)
    }

    #[test]
    fn the_whole_table() {
        // Every role, kind, verb and moment: 5 x 5 x 2 x 2 cases, written out as four rows of five per role.
        let no = |code| [Some(code); 5];
        let kinds = [Spec, Input, Receipt, Output, Log];
        let blind = [None, None, Some(NotAllowed), Some(NotAllowed), Some(NotAllowed)];
        let late = [Some(TooLate), Some(TooLate), Some(NotAllowed), Some(NotAllowed), Some(NotAllowed)];
        // (peer, gets, puts before the start, puts after it)
        let table = [
            (TENANT, [None; 5], blind, late),
            (PROVIDER, [None; 5], no(NotAllowed), no(NotAllowed)),
            (JUDGE, [None; 5], no(NotAllowed), no(NotAllowed)),
            (RERUN, blind, no(NotAllowed), no(NotAllowed)),
            (STRANGER, no(NotAParty), no(NotAParty), no(NotAParty)),
        ];
        for (peer, gets, puts_before, puts_after) in table {
            for (at, kind) in kinds.into_iter().enumerate() {
                for started in [false, true] {
                    let facts = facts(started);
                    assert_eq!(ruling(&facts, peer, Verb::Get, kind), gets[at], "{peer:?} get {kind} {started}");
                    let puts = if started { puts_after } else { puts_before };
                    assert_eq!(ruling(&facts, peer, Verb::Put, kind), puts[at], "{peer:?} put {kind} {started}");
                }
            }
        }
    }

    #[test]
    fn a_re_executor_stays_blind_whatever_else_it_is_but_the_tenant() {
        let committee = [RERUN, JUDGE];
        let facts = AccessFacts { committee: &committee, provider_node: RERUN, ..facts(true) };
        for kind in [Receipt, Output, Log] {
            assert_eq!(ruling(&facts, RERUN, Verb::Get, kind), Some(NotAllowed));
        }
        let facts = AccessFacts { re_executors: &[TENANT], ..facts };
        assert_eq!(ruling(&facts, TENANT, Verb::Get, Output), None);
    }

    #[test]
    fn nobody_but_the_tenant_writes() {
        for kind in BlobKind::ALL {
            for peer in [PROVIDER, JUDGE, RERUN, STRANGER] {
                assert!(ruling(&facts(false), peer, Verb::Put, kind).is_some());
            }
        }
    }

    #[test]
    fn the_whole_table_of_a_service() {
        use RefusalCode::{NotReady, TooLate};
        // Each role over the four stages: tunnel, read, sign.
        let stages = [Stage::Starting, Stage::Running, Stage::Paused, Stage::Ended];
        let started = [Some(NotReady), None, None, None];
        let no = |code| [Some(code); 4];
        let table = [
            (TENANT, [Some(NotReady), None, Some(NotReady), Some(TooLate)], started, started),
            (JUDGE, no(NotAllowed), started, [Some(NotReady), Some(NotAllowed), Some(NotAllowed), Some(NotAllowed)]),
            (PROVIDER, no(NotAParty), no(NotAParty), no(NotAParty)),
            (STRANGER, no(NotAParty), no(NotAParty), no(NotAParty)),
        ];
        let code = |ruling: Result<(), Refusal>| ruling.err().map(|refusal| refusal.code);
        for (peer, tunnels, reads, signs) in table {
            for (at, stage) in stages.into_iter().enumerate() {
                let facts = ServiceFacts { tenant: TENANT, validators: &[[30; 32], JUDGE], stage };
                assert_eq!(code(may_tunnel(&facts, &peer)), tunnels[at], "{peer:?} tunnel {stage:?}");
                assert_eq!(code(may_read_usage(&facts, &peer)), reads[at], "{peer:?} read {stage:?}");
                assert_eq!(code(may_cosign(&facts, &peer)), signs[at], "{peer:?} sign {stage:?}");
            }
        }
    }

    #[test]
    fn a_tenant_that_is_a_validator_acts_as_the_tenant() {
        let facts = ServiceFacts { tenant: TENANT, validators: &[TENANT], stage: Stage::Running };
        for ruling in [may_tunnel, may_read_usage, may_cosign] {
            assert_eq!(ruling(&facts, &TENANT), Ok(()));
        }
    }
}
