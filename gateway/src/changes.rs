//! What has changed, for streams: numbered, kept for a while, sent to everyone who listens.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::sync::broadcast;

use crate::limits;

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Job,
    Offer,
    Provider,
    Round,
    Slot,
}

impl Topic {
    pub const ALL: [Self; 5] = [Self::Job, Self::Offer, Self::Provider, Self::Round, Self::Slot];

    /// Name of the event that carries it.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Offer => "offer",
            Self::Provider => "provider",
            Self::Round => "round",
            Self::Slot => "slot",
        }
    }

    /// The topic of a name in the plural, as callers ask for it.
    pub fn asked(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| name.strip_suffix('s') == Some(topic.event()))
    }
}

/// One change: what it is about, and how that looks now.
#[derive(Clone, Debug)]
pub struct Change {
    pub sequence: u64,
    pub topic: Topic,
    pub job: Option<String>,
    pub tenant: Option<String>,
    pub json: Arc<str>,
}

/// All changes of this process. Numbers begin at the microsecond of its start, so that a number of an earlier process
/// is smaller than any of this one and is recognised as forgotten.
pub struct Changes {
    inner: Mutex<Inner>,
    sender: broadcast::Sender<Change>,
}

struct Inner {
    next: u64,
    kept: VecDeque<Change>,
}

/// What a stream that resumes gets.
pub enum Resumed {
    /// Everything since, and then what comes.
    Since(Vec<Change>),
    /// That is too long ago, or of another process: whatever may have changed must be read anew.
    Forgotten,
}

impl Default for Changes {
    fn default() -> Self {
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        let next = u64::try_from(micros).unwrap_or(0).saturating_add(1);
        let (sender, _) = broadcast::channel(limits::CHANGES_QUEUED);
        Self { inner: Mutex::new(Inner { next, kept: VecDeque::new() }), sender }
    }
}

impl Changes {
    /// Numbers a change, keeps it, sends it.
    pub fn publish(&self, topic: Topic, job: Option<String>, tenant: Option<String>, json: String) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let change = Change { sequence: inner.next, topic, job, tenant, json: json.into() };
        inner.next = inner.next.saturating_add(1);
        if inner.kept.len() >= limits::CHANGES_KEPT {
            inner.kept.pop_front();
        }
        inner.kept.push_back(change.clone());
        // Nobody listens: nothing is lost, it is kept. Sent under the lock, so that numbers arrive in order.
        let _ = self.sender.send(change);
    }

    /// Listens, beginning after `last`. What is kept and what is sent do not overlap and leave no gap.
    pub fn listen(&self, last: Option<u64>) -> (Resumed, broadcast::Receiver<Change>) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.sender.subscribe();
        let Some(last) = last else { return (Resumed::Since(Vec::new()), receiver) };
        let first = inner.kept.front().map_or(inner.next, |change| change.sequence);
        if last >= inner.next || last.saturating_add(1) < first {
            return (Resumed::Forgotten, receiver);
        }
        let since = inner.kept.iter().filter(|change| change.sequence > last).cloned().collect();
        (Resumed::Since(since), receiver)
    }

    /// The number of the newest change.
    pub fn newest(&self) -> u64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).next.saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(resumed: Resumed) -> Option<Vec<u64>> {
        match resumed {
            Resumed::Since(changes) => Some(changes.iter().map(|change| change.sequence).collect()),
            Resumed::Forgotten => None,
        }
    }

    #[test]
    fn a_stream_that_resumes_misses_nothing_and_gets_nothing_twice() {
        let changes = Changes::default();
        let begin = changes.newest();
        for number in 0..5 {
            changes.publish(Topic::Job, None, None, number.to_string());
        }
        let (resumed, mut receiver) = changes.listen(Some(begin + 2));
        assert_eq!(numbers(resumed), Some(vec![begin + 3, begin + 4, begin + 5]));
        changes.publish(Topic::Slot, None, None, String::new());
        assert_eq!(receiver.try_recv().unwrap().sequence, begin + 6);
        assert!(receiver.try_recv().is_err());
    }

    #[test]
    fn what_is_forgotten_or_from_another_process_is_said_to_be() {
        let changes = Changes::default();
        assert_eq!(numbers(changes.listen(Some(1)).0), None);
        assert_eq!(numbers(changes.listen(Some(u64::MAX)).0), None);
        let begin = changes.newest();
        assert_eq!(numbers(changes.listen(Some(begin)).0), Some(vec![]));
        for _ in 0..limits::CHANGES_KEPT + 1 {
            changes.publish(Topic::Job, None, None, String::new());
        }
        assert_eq!(numbers(changes.listen(Some(begin)).0), None);
        assert!(numbers(changes.listen(Some(begin + 1)).0).is_some());
    }

    #[test]
    fn topics_are_asked_for_in_the_plural() {
        assert_eq!(Topic::asked("jobs"), Some(Topic::Job));
        assert_eq!(Topic::asked("job"), None);
        assert_eq!(Topic::asked("s"), None);
    }
}
