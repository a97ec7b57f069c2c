//! An array: one job of many tasks. Which task is where, how often it was issued, and how its job is numbered.

use crate::limits::{TASKS_MAX, TASK_INDEX_FLOOR};

/// Words of a bitmap over all tasks.
pub const TASK_WORDS: usize = TASKS_MAX as usize / 64;

/// Why a task is not issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskRefusal {
    /// The array has no task of this number.
    NoSuchTask,
    /// Somebody runs it, or its job is not closed yet.
    Taken,
    /// It is done and paid.
    Done,
    /// It failed as often as it may.
    AttemptsExhausted,
    /// A count of tasks would leave its bounds: the account contradicts itself.
    CountBroken,
}

/// The part of an array's account that says where each task stands. A task is free, taken, done, or failed for good
/// (issued as often as it may be and neither taken nor done).
pub struct Board<'a> {
    pub tasks_total: u16,
    pub attempts_max: u8,
    /// Tasks whose job exists.
    pub taken: &'a mut [u64; TASK_WORDS],
    /// Tasks that were paid for.
    pub done: &'a mut [u64; TASK_WORDS],
    /// How often each task was issued.
    pub issued: &'a mut [u8; TASKS_MAX as usize],
    pub taken_count: &'a mut u16,
    pub done_count: &'a mut u16,
    pub failed_count: &'a mut u16,
}

const fn place(task: u16) -> (usize, u64) {
    ((task / 64) as usize, 1 << (task % 64))
}

impl Board<'_> {
    /// Issues `task`; the number of its attempt, from one.
    ///
    /// # Errors
    /// [`TaskRefusal`].
    pub fn take(&mut self, task: u16) -> Result<u16, TaskRefusal> {
        if task >= self.tasks_total || task >= TASKS_MAX {
            return Err(TaskRefusal::NoSuchTask);
        }
        let ((word, bit), issued) = (place(task), &mut self.issued[usize::from(task)]);
        if self.done[word] & bit != 0 {
            return Err(TaskRefusal::Done);
        }
        if self.taken[word] & bit != 0 {
            return Err(TaskRefusal::Taken);
        }
        if *issued >= self.attempts_max {
            return Err(TaskRefusal::AttemptsExhausted);
        }
        let taken_count = self.taken_count.checked_add(1).ok_or(TaskRefusal::CountBroken)?;
        *issued = issued.checked_add(1).ok_or(TaskRefusal::CountBroken)?;
        self.taken[word] |= bit;
        *self.taken_count = taken_count;
        Ok(u16::from(*issued))
    }

    /// Takes a task back whose job is over: done if it was paid for, else free, or failed for good.
    ///
    /// # Errors
    /// [`TaskRefusal::NoSuchTask`] if it was not taken; [`TaskRefusal::CountBroken`] if the counts say that nothing is.
    pub fn give_back(&mut self, task: u16, paid: bool) -> Result<(), TaskRefusal> {
        let (word, bit) = place(task);
        if task >= TASKS_MAX || self.taken[word] & bit == 0 {
            return Err(TaskRefusal::NoSuchTask);
        }
        let taken_count = self.taken_count.checked_sub(1).ok_or(TaskRefusal::CountBroken)?;
        if paid {
            *self.done_count = self.done_count.checked_add(1).ok_or(TaskRefusal::CountBroken)?;
            self.done[word] |= bit;
        } else if self.issued[usize::from(task)] >= self.attempts_max {
            *self.failed_count = self.failed_count.checked_add(1).ok_or(TaskRefusal::CountBroken)?;
        }
        self.taken[word] &= !bit;
        *self.taken_count = taken_count;
        Ok(())
    }
}

/// Index of the job of a task: above every index that a tenant may choose, and another for every array and task.
pub const fn job_index(array: u32, task: u16) -> u64 {
    TASK_INDEX_FLOOR | (array as u64) << 16 | task as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, PartialEq, Eq, Debug)]
    struct Held {
        taken: [u64; TASK_WORDS],
        done: [u64; TASK_WORDS],
        issued: [u8; TASKS_MAX as usize],
        counts: [u16; 3],
    }

    impl Held {
        fn new() -> Self {
            Self { taken: [0; 16], done: [0; 16], issued: [0; 1024], counts: [0; 3] }
        }

        fn board(&mut self, tasks_total: u16, attempts_max: u8) -> Board<'_> {
            let [taken_count, done_count, failed_count] = &mut self.counts;
            let (taken, done, issued) = (&mut self.taken, &mut self.done, &mut self.issued);
            Board { tasks_total, attempts_max, taken, done, issued, taken_count, done_count, failed_count }
        }

        fn ones(map: &[u64]) -> u32 {
            map.iter().map(|word| word.count_ones()).sum()
        }
    }

    proptest! {
        #[test]
        fn a_task_is_in_one_place_at_a_time(
            total in 1u16..200, attempts in 1u8..=8, acts in prop::collection::vec((0u16..200, 0u8..3), 0..400)
        ) {
            let mut held = Held::new();
            let mut last = [0u16; 1024];
            for (task, act) in acts {
                let mut board = held.board(total, attempts);
                if act == 0 {
                    if let Ok(attempt) = board.take(task) {
                        prop_assert_eq!(attempt, last[usize::from(task)] + 1);
                        prop_assert!(task < total && attempt <= u16::from(attempts));
                        last[usize::from(task)] = attempt;
                    }
                } else {
                    let _ = board.give_back(task, act == 2);
                }
                let [taken, done, failed] = held.counts;
                prop_assert_eq!(u32::from(taken), Held::ones(&held.taken));
                prop_assert_eq!(u32::from(done), Held::ones(&held.done));
                prop_assert!(taken + done + failed <= total);
                prop_assert!(held.taken.iter().zip(&held.done).all(|(taken, done)| taken & done == 0));
            }
        }
    }

    #[test]
    fn every_refusal_has_its_name() {
        let mut held = Held::new();
        let mut board = held.board(65, 2);
        assert_eq!(board.take(65), Err(TaskRefusal::NoSuchTask));
        assert_eq!(board.give_back(64, true), Err(TaskRefusal::NoSuchTask));
        assert_eq!(board.give_back(u16::MAX, true), Err(TaskRefusal::NoSuchTask));
        assert_eq!(board.take(64), Ok(1));
        assert_eq!(board.take(64), Err(TaskRefusal::Taken));
        assert_eq!(board.give_back(64, false), Ok(()));
        assert_eq!(*board.failed_count, 0);
        assert_eq!(board.take(64), Ok(2));
        assert_eq!(board.give_back(64, false), Ok(()));
        assert_eq!(board.take(64), Err(TaskRefusal::AttemptsExhausted));
        assert_eq!(board.take(0), Ok(1));
        assert_eq!(board.give_back(0, true), Ok(()));
        assert_eq!(board.take(0), Err(TaskRefusal::Done));
        assert_eq!((*board.taken_count, *board.done_count, *board.failed_count), (0, 1, 1));
    }

    #[test]
    fn counts_that_contradict_the_board_are_refused_and_change_nothing() {
        let mut held = Held::new();
        held.board(2, 2).take(0).unwrap();
        let broken = |counts: [u16; 3], paid: bool| {
            let mut held = Held { counts, ..held.clone() };
            held.board(2, 1).give_back(0, paid).map(|()| held.counts)
        };
        assert_eq!(broken([0, 0, 0], true), Err(TaskRefusal::CountBroken));
        assert_eq!(broken([1, u16::MAX, 0], true), Err(TaskRefusal::CountBroken));
        assert_eq!(broken([1, 0, u16::MAX], false), Err(TaskRefusal::CountBroken));
        assert_eq!(broken([1, 0, 0], true), Ok([0, 1, 0]));
        held.counts[0] = u16::MAX;
        let before = held.clone();
        assert_eq!(held.board(2, 2).take(1), Err(TaskRefusal::CountBroken));
        assert_eq!(held, before);
    }

    #[test]
    fn a_full_array_is_taken_once_each() {
        let mut held = Held::new();
        let mut board = held.board(TASKS_MAX, 1);
        for task in 0..TASKS_MAX {
            assert_eq!(board.take(task), Ok(1));
        }
        assert_eq!((board.take(TASKS_MAX), *board.taken_count), (Err(TaskRefusal::NoSuchTask), TASKS_MAX));
    }

    #[test]
    fn every_task_of_every_array_has_a_number_that_no_tenant_can_choose() {
        assert_eq!(job_index(0, 0), TASK_INDEX_FLOOR);
        assert_eq!(job_index(u32::MAX, u16::MAX), TASK_INDEX_FLOOR | 0xffff_ffff_ffff);
        assert_ne!(job_index(1, 0), job_index(0, u16::MAX));
        assert_eq!(job_index(1, 0) - job_index(0, u16::MAX), 1);
    }
}
