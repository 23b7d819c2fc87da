//! `/orders`

use chrono::Utc;
use resourceful::prelude::*;
use resourceful_db::prelude::*;
use resourceful_db::{ActiveModel, Model};
use resourceful_outbox::Outbox;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, Set};

use crate::jobs::{CountSale, SendReceipt};
use crate::tables::{order, product};

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = order::Entity)]
pub(crate) struct Order {
    id: i64,
    product_id: i64,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = order::Entity)]
pub(crate) struct NewOrder {
    #[garde(skip)]
    product_id: i64,
    #[garde(email)]
    email: String,
}

#[derive(AsRef)]
pub(crate) struct Orders {
    #[as_ref]
    pub(crate) db: Db,
    pub(crate) outbox: Outbox,
}

#[resource(only(list, create))]
impl ModelResource for Orders {
    type Access = Public;
    type Entity = order::Entity;
    type Item = Order;
    type Create = NewOrder;
    type Query = PageNumber;

    fn visible(&self, _: &Request) -> Scope<order::Entity> {
        Scope::all()
    }

    fn fill_create(&self, _: &Request, order: &mut ActiveModel<Self>) -> Result<(), DbError> {
        order.ordered_at = Set(Utc::now());
        Ok(())
    }

    async fn after_create(&self, _: &Request, tx: &Tx, order: &Model<Self>) -> Result<(), DbError> {
        let (order_id, product_id) = (order.id, order.product_id);
        let email = order.email.clone();
        self.outbox.enqueue(tx, &CountSale { product_id }).await?;
        self.outbox
            .enqueue(tx, &SendReceipt { order_id, email })
            .await?;
        // Without it, the order and its jobs are undone.
        take_from_stock(tx, product_id).await
    }
}

async fn take_from_stock(tx: &Tx, product_id: i64) -> Result<(), DbError> {
    let less = Expr::col(product::Column::Stock).sub(1);
    let taken = product::Entity::update_many()
        .col_expr(product::Column::Stock, less)
        .filter(product::Column::Id.eq(product_id))
        .filter(product::Column::Stock.gt(0))
        .exec(tx)
        .await?;
    if taken.rows_affected == 0 {
        return Err(Error::conflict("The product is sold out.").into());
    }
    Ok(())
}
