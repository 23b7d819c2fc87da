use resourceful::prelude::*;
use resourceful_db::{Cursor, Db, Item, ModelResource, Order, Scope};

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

mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "user")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub username: String,
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

#[derive(Clone, Copy, Order)]
#[order(entity = user::Entity)]
enum UserOrder {
    #[order(username)]
    Username,
}

#[resource(only(list, retrieve))]
impl ModelResource for Posts {
    type Access = Public;
    type Entity = post::Entity;
    type Item = Post;
    type Query = Cursor<UserOrder>;

    fn visible(&self, _: &Request) -> Scope<post::Entity> {
        Scope::all()
    }
}

fn main() {}
