//! The six actions of a model resource. Each is one statement, or one transaction with its hooks.
//!
//! `#[resource]` calls them. A hook that is written by hand can do so, too: it then has its own doc comment and its
//! own `#[errors(..)]`, or does more than the action.
//!
//! ```ignore
//! /// Changes a post. Its slug stays.
//! async fn update(&self, request: &Request<User>, id: ItemId<Posts>, new: NewPost) -> Result<Post, DbError> {
//!     actions::update(self, request, id, new).await
//! }
//! ```

mod bulk;
mod create;
mod destroy;
mod list;
mod retrieve;
mod update;

use resourceful::hidden::precondition_failed;
use resourceful::{AsyncResource, Caller, Error, Request, catch_panic};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ActiveModelTrait, IdenStatic, Value};

use crate::db::Db;
use crate::error::{DbError, DbErrorKind};
use crate::model::changeset::Changeset;
use crate::model::conditions;
use crate::model::item::Item;
use crate::model::resource::{ActiveModel, Column, Committed, Model, ModelResource};
use crate::model::row_model;
use crate::model::scope::Scope;
use crate::model::select::columns;
use crate::model::storable;
use crate::model::term::Term;
use crate::model::within::Within;
use crate::request_tx::RequestTx;
use crate::shape::Shape;
use crate::source::Source;
use crate::tx::Tx;

pub use crate::model::conditions::unchanged;

pub use self::bulk::{bulk_create, bulk_destroy, bulk_update};
pub use self::create::create;
pub use self::destroy::destroy;
pub use self::list::list;
pub(crate) use self::retrieve::find;
use self::retrieve::find_in;
pub use self::retrieve::retrieve;
pub use self::update::{partial_update, update};

/// The rows that exist for the request: visible, of the parent, not deleted.
fn scope<R: ModelResource>(resource: &R, request: &Request<Caller<R>>) -> Scope<R::Entity> {
    let mut scope = resource.visible(request);
    if let Some(column) = R::deleted_at() {
        scope.push(Term::is_null(column));
    }
    if let Some(Within { column, parent }) = resource.within(request) {
        scope.push(Term::Within {
            column,
            keys: parent,
        });
    }
    scope
}

/// The rows that the request may add, change and delete.
fn writable<R: ModelResource>(resource: &R, request: &Request<Caller<R>>) -> Scope<R::Entity> {
    scope(resource, request).and(resource.writable(request))
}

/// The row with an id, if it is in the scope.
fn row_of<R: ModelResource>(mut scope: Scope<R::Entity>, id: R::Key) -> Scope<R::Entity> {
    let id = id.into();
    if storable::refusal(&id).is_some() {
        // PostgreSQL would refuse the statement.
        return Scope::none();
    }
    scope.push(Term::equals(R::key(), id));
    scope
}

/// The columns that a body sets.
fn applied<R: ModelResource, C: Changeset<R::Entity>>(body: C) -> Result<ActiveModel<R>, DbError> {
    let mut model = <ActiveModel<R> as ActiveModelTrait>::default();
    body.apply(&mut model);
    storable::check::<R::Entity>(&mut model, C::MEMBERS)?;
    Ok(model)
}

/// Adds the columns that a statement sets to its shape, with their values.
fn describe_set<R: ModelResource>(
    set: impl Iterator<Item = (Column<R>, Value)>,
    shape: &mut Shape,
) {
    for (column, value) in set {
        shape.name(column.as_str());
        shape.value(value);
    }
    // No column has an empty name.
    shape.name("");
}

/// The columns that a statement returns which writes a row.
#[derive(Clone, Copy)]
enum Returns {
    /// Those of the item.
    Item,
    /// Those of the item, and then those of the row.
    ItemAndRow,
}

impl Returns {
    fn columns<R: ModelResource, I: Item>(self) -> Result<Vec<SimpleExpr>, DbError> {
        let mut columns = columns::<I>(conditions::columns::<R>())?;
        if let Self::ItemAndRow = self {
            columns.extend(row_model::columns::<I::Entity>());
        }
        Ok(columns)
    }
}

fn db<R: ModelResource>(resource: &R) -> &Db {
    resource.as_ref()
}

/// The database or the transaction in which an action runs its statements.
struct Connection<'r> {
    db: &'r Db,
    /// The transaction in which the response is kept, for a request with an `Idempotency-Key`.
    tx: Option<Tx>,
}

impl<'r> Connection<'r> {
    fn of<R: ModelResource>(resource: &'r R, request: &Request<Caller<R>>) -> Self {
        let db = db(resource);
        let tx = RequestTx::of(request).and_then(|shared| shared.tx(db));
        Self { db, tx }
    }

    fn source(&self) -> Source<'_> {
        self.tx.as_ref().map_or(Source::Db(self.db), Source::Tx)
    }
}

/// Whether an action needs a transaction, or a part of one: for its hook, or for the response that is kept.
fn needs_tx<R: ModelResource>(request: &Request<Caller<R>>, has_hook: bool) -> bool {
    has_hook || R::HOOKS.on_commit || RequestTx::open(request).is_some()
}

/// Runs `on_commit`, or has it run later if the transaction goes on.
async fn committed<R: ModelResource>(
    resource: &R,
    request: &Request<Caller<R>>,
    change: Option<Committed<Model<R>>>,
) -> Result<(), DbError> {
    if R::HOOKS.on_commit
        && let Some(change) = change
    {
        match RequestTx::open(request) {
            Some(shared) => shared.add_change::<R, _>(change)?,
            None => after_commit(resource, request, change).await,
        }
    }
    Ok(())
}

/// Runs `on_commit`. The change is committed, so a panic is logged, and changes neither the response nor the next call.
pub(crate) async fn after_commit<R: ModelResource>(
    resource: &R,
    request: &Request<Caller<R>>,
    change: Committed<Model<R>>,
) {
    let hook = async {
        resource.on_commit(request, change).await;
        Ok::<_, Error>(())
    };
    if let Err(error) = catch_panic(hook).await {
        tracing::error!(error = error.to_string(), "`on_commit` has panicked");
    }
}

/// The error of a hook. It keeps the kind of an error of the database, so that a conflict is one.
fn of_hook<R: AsyncResource>(error: R::Error) -> DbError {
    let error: Error = error.into();
    DbError::from(error)
}

/// The reason why no row was written.
async fn unwritten<R: ModelResource<Key: Clone>>(
    resource: &R,
    request: &Request<Caller<R>>,
    id: R::Key,
    source: Source<'_>,
) -> DbError {
    match find_in::<R>(scope(resource, request), id.clone(), source).await {
        Ok(None) => return not_found(),
        Err(error) => return error,
        Ok(Some(_)) => {}
    }
    let writable = writable(resource, request);
    match find_in::<R>(writable.clone(), id.clone(), source).await {
        Ok(None) => {
            return Error::forbidden("You may see this item, but not change it.").into();
        }
        Err(error) => return error,
        Ok(Some(_)) => {}
    }
    let unchanged = unchanged::<R>(request);
    if unchanged.is_all() {
        return conflict();
    }
    match find_in::<R>(writable.and(unchanged), id, source).await {
        Ok(None) => precondition_failed().into(),
        Ok(Some(_)) => conflict(),
        Err(error) => error,
    }
}

fn conflict() -> DbError {
    Error::conflict("The item was changed since it was read.").into()
}

fn not_found() -> DbError {
    DbError::new(
        DbErrorKind::NotFound,
        "the row does not exist for the caller",
    )
}

fn all_columns<R: ModelResource>() -> impl Iterator<Item = Column<R>> {
    use sea_orm::Iterable;
    Column::<R>::iter()
}
