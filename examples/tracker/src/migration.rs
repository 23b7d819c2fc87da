//! The migrations, each of which runs once, whatever number of processes starts.

use sea_orm::{EntityTrait, Schema};
use sea_orm_migration::prelude::*;

use crate::entity::{attachment, comment, member, organisation, project, task, user};

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateTables)]
    }
}

/// The first tables are those of the entities. A later migration names what it changes.
struct CreateTables;

impl MigrationName for CreateTables {
    fn name(&self) -> &'static str {
        "m0001_create_tables"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "`async_trait` names the lifetimes itself"
)]
#[async_trait::async_trait]
impl MigrationTrait for CreateTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, user::Entity).await?;
        create(manager, organisation::Entity).await?;
        create(manager, member::Entity).await?;
        create(manager, project::Entity).await?;
        create(manager, task::Entity).await?;
        create(manager, comment::Entity).await?;
        create(manager, attachment::Entity).await
    }
}

async fn create(manager: &SchemaManager<'_>, entity: impl EntityTrait) -> Result<(), DbErr> {
    let schema = Schema::new(manager.get_database_backend());
    manager
        .create_table(schema.create_table_from_entity(entity))
        .await?;
    for index in schema.create_index_from_entity(entity) {
        manager.create_index(index).await?;
    }
    Ok(())
}
