//! Nothing: the tests are in the test target.
