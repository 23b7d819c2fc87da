//! The budget of bytes that may be read again to find every error of a body.
//!
//! A body full of errors must not occupy a processor for long. When the budget is spent, the response
//! names fewer errors. The items of a `Bulk` share the budget of their body. It is thread-local, since
//! `Deserialize` has no parameter for it.

use std::cell::Cell;

/// The most reads of a body.
const MAX_READS: usize = 64;

/// In bytes. Larger bodies are read once more at most.
const MAX_BYTES: usize = 512 * 1024;

/// The fixed cost of each read, in bytes.
const READ_OVERHEAD: usize = 64;

thread_local! {
    static REMAINING: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The budget of the body that this thread reads. It ends with this value.
#[derive(Debug)]
pub(crate) struct Budget {
    is_outermost: bool,
}

impl Budget {
    /// The budget of the outer body, if any, or a new one for this many bytes.
    pub(crate) fn for_body(bytes: usize) -> Self {
        let is_outermost = REMAINING.get().is_none();
        if is_outermost {
            let times = bytes
                .saturating_add(READ_OVERHEAD)
                .saturating_mul(MAX_READS);
            REMAINING.set(Some(
                times.min(MAX_BYTES.max(bytes.saturating_add(READ_OVERHEAD))),
            ));
        }
        Self { is_outermost }
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        if self.is_outermost {
            REMAINING.set(None);
        }
    }
}

/// Takes the cost of another read; false if the budget does not suffice.
pub(crate) fn spend(bytes: usize) -> bool {
    let remaining = REMAINING
        .get()
        .unwrap_or(0)
        .checked_sub(bytes.saturating_add(READ_OVERHEAD));
    if let Some(remaining) = remaining {
        REMAINING.set(Some(remaining));
    }
    remaining.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_body_shares_the_budget_of_the_outer_one() {
        let outer = Budget::for_body(1000);
        let inner = Budget::for_body(100);
        let times = (0..1000).take_while(|_| spend(1000)).count();
        assert_eq!(times, MAX_READS);
        drop(inner);
        assert!(!spend(1000));
        drop(outer);
        let large = Budget::for_body(1 << 20);
        assert!(spend(1 << 20) && !spend(1 << 20));
        drop(large);
        assert!(!spend(1));
    }
}
