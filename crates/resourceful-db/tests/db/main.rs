//! Tests of `Db` on both databases.

mod smoke;
