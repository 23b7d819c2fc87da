//! `/accounts`

use resourceful::prelude::*;
use resourceful_db::prelude::*;
use resourceful_idempotency::Idempotency;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, UpdateMany};

use crate::Customer;
use crate::tables::account;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = account::Entity)]
pub(crate) struct Account {
    id: i64,
    /// In cents.
    balance: i64,
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct Deposit {
    /// In cents.
    #[garde(range(min = 1, max = 100_000))]
    amount: i64,
}

#[derive(AsRef)]
pub(crate) struct Accounts {
    #[as_ref]
    pub(crate) db: Db,
    #[as_ref]
    pub(crate) idempotency: Idempotency<Customer>,
}

#[resource(only(list, retrieve), requires_idempotency_key(deposit))]
impl ModelResource for Accounts {
    type Access = Customer;
    type Entity = account::Entity;
    type Item = Account;
    type Query = PageNumber;

    fn visible(&self, request: &Request<Customer>) -> Scope<account::Entity> {
        Scope::all().eq(account::Column::Customer, &*request.caller().0)
    }

    /// Pays cash in.
    #[action(POST, "deposit")]
    async fn deposit(
        &self,
        request: &Request<Customer>,
        account: Found<Self>,
        deposit: Deposit,
    ) -> Result<Account, DbError> {
        // The response is kept in this transaction.
        let tx = self.db.begin_for(request).await?;
        let changed = add(deposit.amount).filter(account::Column::Id.eq(account.id));
        let changed = changed.exec_with_returning(&tx).await?;
        let changed = changed.into_iter().next();
        let account::Model { id, balance, .. } =
            changed.ok_or_else(|| Error::conflict("The account is closed."))?;
        tx.commit().await?;
        Ok(Account { id, balance })
    }
}

/// Moves money from an account of the customer, if it has so much.
pub(crate) async fn transfer(
    tx: &Tx,
    customer: &Customer,
    [from, to]: [i64; 2],
    amount: i64,
) -> Result<(), DbError> {
    // Two payments never wait for each other.
    let both = Scope::<account::Entity>::all().is_in(account::Column::Id, [from, to]);
    both.locked(tx).await?;
    let taken = add(-amount)
        .filter(account::Column::Id.eq(from))
        .filter(account::Column::Customer.eq(&*customer.0))
        .filter(account::Column::Balance.gte(amount));
    if taken.exec(tx).await?.rows_affected == 0 {
        return Err(Error::conflict("The customer has no account with so much money.").into());
    }
    let given = add(amount).filter(account::Column::Id.eq(to));
    if given.exec(tx).await?.rows_affected == 0 {
        return Err(Error::conflict("There is no account to pay to.").into());
    }
    Ok(())
}

fn add(amount: i64) -> UpdateMany<account::Entity> {
    let balance = Expr::col(account::Column::Balance).add(amount);
    account::Entity::update_many().col_expr(account::Column::Balance, balance)
}
