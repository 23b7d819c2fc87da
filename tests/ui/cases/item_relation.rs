use resourceful::prelude::*;
use resourceful_db::Item;

mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "user")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_many = "super::task::Entity")]
        Tasks,
    }

    impl Related<super::task::Entity> for Entity {
        fn to() -> RelationDef { Relation::Tasks.def() }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod task {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "task")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub author_id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::user::Entity", from = "Column::AuthorId", to = "super::user::Column::Id")]
        Author,
    }

    impl Related<super::user::Entity> for Entity {
        fn to() -> RelationDef { Relation::Author.def() }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Serialize, JsonSchema, Item)]
#[item(entity = user::Entity)]
struct User {
    id: i64,
    name: String,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = task::Entity)]
struct OfAnotherEntity {
    id: i64,
    #[item(nested, relation = user::Relation::Tasks)]
    author: Option<User>,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = task::Entity)]
struct OfAColumn {
    id: i64,
    #[item(relation = task::Relation::Author)]
    author_id: i64,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = task::Entity)]
struct OfTwoSources {
    id: i64,
    #[item(nested, from = user::Column::Name)]
    author: Option<User>,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = task::Entity)]
struct OfOneRow {
    id: i64,
    #[item(nested, relation = task::Relation::Author)]
    author: User,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = task::Entity)]
struct OfNoVariant {
    id: i64,
    #[item(nested, relation = task::Relation::Assignee)]
    assignee: Option<User>,
}

fn main() {}
