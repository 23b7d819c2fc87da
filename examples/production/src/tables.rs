//! The table of notes.

use sea_orm::Schema;
use sea_orm_migration::prelude::*;

pub(crate) mod note {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: i64,
        pub(crate) text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateNotes)]
    }
}

struct CreateNotes;

impl MigrationName for CreateNotes {
    fn name(&self) -> &'static str {
        "m0001_create_notes"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "`async_trait` names them")]
#[async_trait::async_trait]
impl MigrationTrait for CreateNotes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = Schema::new(manager.get_database_backend()).builder();
        let tables = tables.register(note::Entity);
        tables.apply(manager.get_connection()).await
    }
}
