//! Creates missing tables at start.
//!
//! Every step is idempotent: a process that was killed half-way, or one that starts at the same time,
//! does not block the next start.

mod create_accounts;
mod create_blog;

use sea_orm_migration::prelude::*;

use self::create_accounts::CreateAccounts;
use self::create_blog::CreateBlog;

#[derive(Debug)]
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateBlog), Box::new(CreateAccounts)]
    }
}
