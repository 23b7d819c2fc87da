//! How much may be read again to find everything that is wrong with a body.
//!
//! A body full of faults must not be a way to keep a processor busy: when the budget is spent, fewer
//! faults are named. Items of a bulk are read inside of the body that they are in, and share its budget;
//! `Deserialize` has no parameter for it, so that it is kept by the thread.

use std::cell::Cell;

/// No body may be read so often.
const MAX_TIMES: usize = 64;

/// In bytes: larger bodies are read once more at most.
const MAX_BYTES: usize = 512 * 1024;

/// In bytes: what each reading costs besides.
const EACH: usize = 64;

thread_local! {
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The budget of the body that this thread reads, until it is dropped.
#[derive(Debug)]
pub(crate) struct Budget {
    is_outermost: bool,
}

impl Budget {
    /// That of the body around this one, if there is one, else one for so many bytes.
    pub(crate) fn of_body(bytes: usize) -> Self {
        let is_outermost = LEFT.get().is_none();
        if is_outermost {
            let times = bytes.saturating_add(EACH).saturating_mul(MAX_TIMES);
            LEFT.set(Some(times.min(MAX_BYTES.max(bytes.saturating_add(EACH)))));
        }
        Self { is_outermost }
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        if self.is_outermost {
            LEFT.set(None);
        }
    }
}

/// May so many bytes be read once more?
pub(crate) fn spend(bytes: usize) -> bool {
    let left = LEFT
        .get()
        .unwrap_or(0)
        .checked_sub(bytes.saturating_add(EACH));
    if let Some(left) = left {
        LEFT.set(Some(left));
    }
    left.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_shares_the_budget_of_the_whole() {
        let whole = Budget::of_body(1000);
        let item = Budget::of_body(100);
        let times = (0..1000).take_while(|_| spend(1000)).count();
        assert_eq!(times, MAX_TIMES);
        drop(item);
        assert!(!spend(1000));
        drop(whole);
        let large = Budget::of_body(1 << 20);
        assert!(spend(1 << 20) && !spend(1 << 20));
        drop(large);
        assert!(!spend(1));
    }
}
