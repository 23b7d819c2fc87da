//! `/products`

use resourceful::prelude::*;
use resourceful_db::prelude::*;

use crate::tables::product;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = product::Entity)]
pub(crate) struct Product {
    id: i64,
    name: String,
    stock: i64,
    /// The sales that are counted.
    sold: i64,
}

#[derive(AsRef)]
pub(crate) struct Products {
    #[as_ref]
    pub(crate) db: Db,
}

#[resource(only(list, retrieve))]
impl ModelResource for Products {
    type Access = Public;
    type Entity = product::Entity;
    type Item = Product;
    type Query = PageNumber;

    fn visible(&self, _: &Request) -> Scope<product::Entity> {
        Scope::all()
    }
}
