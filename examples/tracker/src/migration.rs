//! The migrations. Each runs once, whatever number of processes starts.

use sea_orm::Schema;
use sea_orm_migration::prelude::*;

use crate::entity::{attachment, comment, member, organisation, project, task, user};

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables)]
    }
}

/// Creates the tables of the entities. A later migration names what it changes.
struct CreateTables;

impl MigrationName for CreateTables {
    fn name(&self) -> &'static str {
        "m0001_create_tables"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "`async_trait` names them")]
#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = Schema::new(manager.get_database_backend()).builder();
        let tables = tables
            .register(user::Entity)
            .register(organisation::Entity)
            .register(member::Entity)
            .register(project::Entity)
            .register(task::Entity)
            .register(comment::Entity)
            .register(attachment::Entity);
        tables.apply(manager.get_connection()).await
    }
}
