//! `/payments`

use resourceful::prelude::*;
use resourceful_db::prelude::*;
use resourceful_db::{ActiveModel, Model};
use resourceful_idempotency::Idempotency;
use sea_orm::Set;

use crate::Customer;
use crate::accounts::transfer;
use crate::tables::payment;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = payment::Entity)]
pub(crate) struct Payment {
    id: i64,
    from_account: i64,
    to_account: i64,
    /// In cents.
    amount: i64,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = payment::Entity)]
#[garde(allow_unvalidated)]
pub(crate) struct NewPayment {
    from_account: i64,
    to_account: i64,
    /// In cents.
    #[garde(range(min = 1, max = 100_000))]
    amount: i64,
}

#[derive(AsRef)]
pub(crate) struct Payments {
    #[as_ref]
    pub(crate) db: Db,
    #[as_ref]
    pub(crate) idempotency: Idempotency<Customer>,
}

#[resource(only(list, create, retrieve), requires_idempotency_key(create))]
impl ModelResource for Payments {
    type Access = Customer;
    type Entity = payment::Entity;
    type Item = Payment;
    type Create = NewPayment;
    type Query = PageNumber;

    fn visible(&self, request: &Request<Customer>) -> Scope<payment::Entity> {
        Scope::all().eq(payment::Column::Customer, &*request.caller().0)
    }

    fn fill_create(
        &self,
        request: &Request<Customer>,
        payment: &mut ActiveModel<Self>,
    ) -> Result<(), DbError> {
        payment.customer = Set(request.caller().0.clone());
        Ok(())
    }

    async fn after_create(
        &self,
        request: &Request<Customer>,
        tx: &Tx,
        payment: &Model<Self>,
    ) -> Result<(), DbError> {
        let accounts = [payment.from_account, payment.to_account];
        transfer(tx, request.caller(), accounts, payment.amount).await
    }
}
