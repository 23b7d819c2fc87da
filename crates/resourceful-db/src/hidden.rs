//! The names that generated code uses. No part of the public API.

use sea_orm::sea_query::{Alias, Condition, Expr, Query, SubQueryStatement};

pub use sea_orm::sea_query::SimpleExpr;
pub use sea_orm::{
    ColumnTrait, EntityName, EntityTrait, PrimaryKeyTrait, Related, RelationDef, RelationTrait,
};

use resourceful::{Caller, Request};

pub use crate::create_missing::create_missing;
use crate::db::{Db, Driver};
use crate::error::DbError;
use crate::model::actions::after_commit;
use crate::model::filter::Comparable;
use crate::model::order::OrderKey;
pub use crate::model::registration::Registration;
use crate::model::resource::{Committed, Model, ModelResource};
pub use crate::postgres::Notifications;
pub use crate::request_tx::RequestTx;

/// The name of a related table that is the table itself.
const RELATED: &str = "related";

/// Registers the items of a resource, and returns the mistakes in them.
pub fn register(db: &Db, add: impl FnOnce(&mut Registration<'_>)) -> Vec<String> {
    db.change_entities(|entities| {
        let mut registration = Registration::new(entities);
        add(&mut registration);
        registration.into_mistakes()
    })
}

/// A connection that hears `NOTIFY`: for resourceful-bus.
///
/// # Errors
/// If the database is SQLite, or away.
pub async fn notifications(db: &Db) -> Result<Notifications, DbError> {
    match db.driver() {
        Driver::Postgres(postgres) => postgres.notifications().await,
        Driver::Sqlite(_) => Err(DbError::other("SQLite has no notifications")),
    }
}

/// Runs `on_commit` for the changes in the transaction of an `Idempotency-Key`.
pub async fn committed<R: ModelResource>(resource: &R, request: &Request<Caller<R>>) {
    let changes = RequestTx::of(request).map(RequestTx::take_changes::<Committed<Model<R>>>);
    for change in changes.unwrap_or_default() {
        after_commit(resource, request, change).await;
    }
}

/// The relation of an entity. Another entity's is an error of its type.
#[expect(
    clippy::needless_pass_by_value,
    reason = "an error of its type is at the path that the user wrote"
)]
pub fn relation<E: EntityTrait>(relation: E::Relation) -> RelationDef {
    relation.def()
}

/// The expression that selects a column.
pub fn column<C: ColumnTrait>(column: C) -> SimpleExpr {
    column.select_as(Expr::col(column.as_column_ref()))
}

/// The expression that selects a column of the row that a row of `E` belongs to:
/// `(SELECT username FROM user WHERE post.author_id = user.id)`.
pub fn related_column<E, C>(column: C) -> SimpleExpr
where
    E: EntityTrait + Related<C::EntityName>,
    C: ColumnTrait<EntityName: EntityTrait>,
{
    column_by::<E, C>(E::to(), column)
}

/// The column of the row that a row belongs to by this relation.
pub fn column_by<E, C>(mut relation: RelationDef, column: C) -> SimpleExpr
where
    E: EntityTrait,
    C: ColumnTrait<EntityName: EntityTrait>,
{
    let table = column.entity_name();
    let mut name = table.clone();
    if E::default().table_name() == C::EntityName::default().table_name() {
        name = sea_orm::sea_query::IntoIden::into_iden(Alias::new(RELATED));
        relation.to_tbl = relation.to_tbl.alias(RELATED);
    }
    let mut select = Query::select();
    select.expr(column.select_as(Expr::col((name, column))));
    select.from(relation.to_tbl.clone());
    select.cond_where(Condition::from(relation));
    SimpleExpr::SubQuery(None, Box::new(SubQueryStatement::from(select)))
}

/// The type of a column of a row that may be missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column of a related row, which may be missing",
    note = "write `Option<{Self}>`"
)]
pub trait Optional {}

impl<T> Optional for Option<T> {}

/// Compiles if a field can have a column of a related row.
pub fn optional<T: Optional>() {}

/// Compiles if a parameter can be compared with a column.
pub fn comparable<V, P: Comparable<V>>(_: &V, _: &P) {}

/// The type of a column with text to search in.
#[diagnostic::on_unimplemented(
    message = "a column of type `{Self}` has no text to search in",
    note = "`contains`, `icontains` and `starts_with` are for columns of type `String` or `Option<String>`"
)]
pub trait Text {}

impl Text for String {}
impl Text for Option<String> {}

/// Compiles if a column has text to search in.
pub fn text<T: Text>(_: &T) {}

/// Compiles if a list can be ordered by a column.
pub fn order_key<T: OrderKey>(_: &T) {}
