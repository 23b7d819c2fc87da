//! The table `note`.

use resourceful_db::Db;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) owner_id: i64,
    pub(crate) text: String,
    pub(crate) is_archived: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub(crate) async fn create_table(database: &Db) -> Result<(), DbErr> {
    let create = "CREATE TABLE IF NOT EXISTS note (id integer PRIMARY KEY AUTOINCREMENT, \
                  owner_id integer NOT NULL REFERENCES user, text text NOT NULL, is_archived boolean NOT NULL); \
                  CREATE INDEX IF NOT EXISTS note_owner ON note (owner_id)";
    database.execute_unprepared(create).await.map(drop)
}
