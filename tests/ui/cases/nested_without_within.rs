use resourceful::prelude::*;
use resourceful_db::{Db, Item, ModelResource, Scope};

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

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = post::Entity)]
struct Post {
    id: i64,
    title: String,
}

#[derive(AsRef)]
struct Posts {
    #[as_ref]
    db: Db,
}

#[resource(only(list, retrieve))]
impl ModelResource for Posts {
    type Access = Public;
    type Parent = i64;
    type Entity = post::Entity;
    type Item = Post;
    type Query = PageNumber;

    fn visible(&self, _: &Request) -> Scope<post::Entity> {
        Scope::all()
    }
}

fn main() {}
