use resourceful::prelude::*;
use resourceful_db::{Changeset, Filter, Item};

mod post {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "post")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Deserialize, JsonSchema, Validate, Filter)]
#[filter(entity = post::Entity)]
#[garde(allow_unvalidated)]
struct PostFilter {
    #[filter(title, gtee)]
    title: Option<String>,
    tilte: Option<String>,
}

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = post::Entity)]
struct Post {
    #[item(colum = id)]
    id: i64,
    tilte: String,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = post::Entity)]
#[garde(allow_unvalidated)]
struct NewPost {
    #[changeset(colum = title)]
    title: String,
    tilte: String,
}

fn is_filter<F: Filter<post::Entity>>() {}
fn is_item<I: Item>() {}
fn is_changeset<C: Changeset<post::Entity>>() {}

fn main() {
    is_filter::<PostFilter>();
    is_item::<Post>();
    is_changeset::<NewPost>();
}
