use resourceful::prelude::*;
use resourceful_db::{Db, Filter, Item, ModelResource, Scope};

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

#[derive(Deserialize, JsonSchema, Validate, Filter)]
#[filter(entity = user::Entity)]
#[garde(allow_unvalidated)]
struct UserFilter {
    username: Option<String>,
}

#[resource(only(list, retrieve))]
impl ModelResource for Posts {
    type Access = Public;
    type Entity = post::Entity;
    type Item = Post;
    type Query = Filtered<UserFilter, PageNumber>;

    fn visible(&self, _: &Request) -> Scope<post::Entity> {
        Scope::all()
    }
}

fn main() {}
