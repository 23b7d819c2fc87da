//! Mistakes that the compiler finds, and what it says of them.

/// `TRYBUILD=overwrite cargo test -p resourceful-tests ui` keeps new texts; read them first.
#[test]
fn mistakes_are_explained_at_the_users_line() {
    trybuild::TestCases::new().compile_fail("ui/cases/*.rs");
}
