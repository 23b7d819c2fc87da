//! Traits that give the macros the types inside a `Result` or `Page`, also behind an alias.

/// Implemented only by `Result`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a hook returns a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "write `async fn hook(..) -> Result<..>`"
)]
pub trait HookResult {
    type Value;
    type Error;
}

impl<T, E> HookResult for Result<T, E> {
    type Value = T;
    type Error = E;
}

/// Implemented only by `Page`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`list` returns a page, not `{Self}`",
    label = "not a `Page`",
    note = "write `-> Result<Page<..>>`"
)]
pub trait PageOf {
    type Item;
}

impl<T> PageOf for crate::input::pagination::Page<T> {
    type Item = T;
}
