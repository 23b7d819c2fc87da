//! The work after the answer.

use std::path::PathBuf;

use chrono::{TimeDelta, Utc};
use resourceful::prelude::*;
use resourceful_db::{DbError, Tx};
use resourceful_outbox::{Attempt, Elsewhere, InTransaction, Job};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter};

use crate::tables::{order, product};

/// Orders are kept for ten years.
const RETENTION: TimeDelta = TimeDelta::days(3653);

/// Counts a sale: an effect in the database, which happens once.
#[derive(Serialize, Deserialize)]
pub(crate) struct CountSale {
    pub(crate) product_id: i64,
}

impl Job for CountSale {
    const NAME: &'static str = "count-sale";
    type Effect = InTransaction;
    type State = ();

    async fn run(&self, (): &(), tx: &Tx) -> Result<()> {
        let sold = Expr::col(product::Column::Sold).add(1);
        product::Entity::update_many()
            .col_expr(product::Column::Sold, sold)
            .filter(product::Column::Id.eq(self.product_id))
            .exec(tx)
            .await
            .map_err(DbError::from)?;
        Ok(())
    }
}

/// Sends a receipt: an effect elsewhere, which happens at least once.
#[derive(Serialize, Deserialize)]
pub(crate) struct SendReceipt {
    pub(crate) order_id: i64,
    pub(crate) email: String,
}

/// Stands for a mail service: each e-mail is a file, whose name is the key. A second one with this key replaces the first.
pub(crate) struct Receipts {
    pub(crate) directory: PathBuf,
}

impl Job for SendReceipt {
    const NAME: &'static str = "send-receipt";
    type Effect = Elsewhere;
    type State = Receipts;

    async fn run(&self, receipts: &Receipts, attempt: &Attempt) -> Result<()> {
        let file = receipts.directory.join(attempt.key());
        let text = format!(
            "To: {}\n\nThank you for order {}.\n",
            self.email, self.order_id
        );
        tokio::fs::write(file, text).await.map_err(Error::internal)
    }
}

/// Removes orders that need not be kept. A schedule enqueues it each night.
#[derive(Serialize, Deserialize)]
pub(crate) struct RemoveOldOrders;

impl Job for RemoveOldOrders {
    const NAME: &'static str = "remove-old-orders";
    type Effect = InTransaction;
    type State = ();

    async fn run(&self, (): &(), tx: &Tx) -> Result<()> {
        order::Entity::delete_many()
            .filter(order::Column::OrderedAt.lt(Utc::now() - RETENTION))
            .exec(tx)
            .await
            .map_err(DbError::from)?;
        Ok(())
    }
}
