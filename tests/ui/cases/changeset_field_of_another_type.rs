use resourceful::prelude::*;
use resourceful_db::Changeset;

mod post {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "post")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        pub slug: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = post::Entity)]
#[garde(allow_unvalidated)]
struct NewPost {
    title: Option<String>,
}

fn main() {}
