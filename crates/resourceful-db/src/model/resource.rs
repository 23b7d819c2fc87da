//! [`ModelResource`]: a resource over a table.

use resourceful::{AsyncResource, Caller, Id, Request};
use sea_orm::{ActiveModelTrait, EntityTrait, TryIntoModel, Value};

use crate::db::Db;
use crate::entities::primary_key;
use crate::model::order::Direction;
use crate::model::scope::Scope;
use crate::model::within::Within;
use crate::tx::Tx;

/// The row of a resource.
pub type Model<R> = <<R as ModelResource>::Entity as EntityTrait>::Model;

/// The row of a resource that is written, with the columns that are set.
pub type ActiveModel<R> = <<R as ModelResource>::Entity as EntityTrait>::ActiveModel;

/// A column of a resource's table.
pub type Column<R> = <<R as ModelResource>::Entity as EntityTrait>::Column;

/// A resource over a table. `#[resource] impl ModelResource for ..` writes the six hooks of
/// [`AsyncResource`], except those that the block has.
///
/// | in the block | |
/// |---|---|
/// | `type Access` | as in [`AsyncResource`] |
/// | `type Entity` | SeaORM's entity of the table |
/// | `type Item` | an [`Item`](trait@crate::Item); `type ListItem` if lists have another one |
/// | `type Create` | a [`Changeset`](trait@crate::Changeset): the body of `create`, and of `update` unless there is `type Update` |
/// | `type PartialUpdate` | a [`Changeset`](trait@crate::Changeset) with [`Change`](resourceful::Change)s |
/// | `type Query` | a [`ListQuery`](crate::ListQuery): filter, order and page |
/// | `fn visible` | the rows that exist for the caller; may be left out beside `fn within` |
/// | `fn writable` | those of them that the caller may add, change and delete |
/// | `fn before_create` .. `fn on_commit` | hooks; see below |
/// | the six hooks, `#[action(..)]` | by hand |
///
/// `#[resource(only(list, retrieve))]` leaves out actions.
///
/// # Rows
/// [`visible`](Self::visible) is in the `WHERE` of each statement: a row that is not visible is a 404, and is
/// counted in no list. A row that is created or changed so that it is not visible is a 403, and is undone; a new
/// row may become visible by [`after_create`](Self::after_create). A row that is visible, but not
/// [`writable`](Self::writable), is a 403 for all actions that write.
///
/// # Transactions
/// Without hooks an action is one statement. With one of its hooks, it is a transaction that the hooks get as
/// [`Tx`]; an error of a hook undoes it. A transaction that was in conflict with another one runs again, with its
/// hooks, up to three times.
///
/// # Constraints
/// A unique column that is taken, a foreign key without its row, a value that is null or not allowed: 422 with the
/// fields, or 409 if the body does not have them. A row that is still in use is not deleted: 409.
///
/// # Examples
/// See the guide, "Tables".
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model resource",
    label = "this has no `impl ModelResource`",
    note = "write `#[resource] impl ModelResource for {Self} {{ .. }}`"
)]
pub trait ModelResource: AsyncResource + AsRef<Db> {
    /// The hooks that the block has. `#[resource]` sets it.
    const HOOKS: Hooks = Hooks::NONE;

    /// The entity of the table.
    type Entity: EntityTrait<
            Model: Send + Sync,
            ActiveModel: ActiveModelTrait<Entity = Self::Entity>
                             + TryIntoModel<Model<Self>>
                             + Send
                             + Sync,
        >;

    /// The type of [`key`](Self::key): that of the primary key.
    type Key: Id + Into<Value>;

    /// The rows that exist for the caller: in lists, for each item, and in writes. A nested resource may leave it
    /// out: all items of a parent exist that is itself in its scope.
    fn visible(&self, request: &Request<Caller<Self>>) -> Scope<Self::Entity>;

    /// Of the rows that are visible to the caller, those that the caller may add, change and delete (default: all of
    /// them). Any other row is a 403.
    fn writable(&self, request: &Request<Caller<Self>>) -> Scope<Self::Entity> {
        let _ = request;
        Scope::all()
    }

    /// The parent of a nested resource, and the column that refers to it. `None` (default) for a resource that is
    /// not nested.
    fn within(&self, request: &Request<Caller<Self>>) -> Option<Within<Self::Entity>> {
        let _ = request;
        None
    }

    /// The column whose value is the id in the path (default: the primary key).
    ///
    /// # Panics
    /// If the table has no primary key.
    #[must_use]
    fn key() -> Column<Self> {
        primary_key::<Self::Entity>()
    }

    /// The order of lists without the parameter `order` (default: by the primary key).
    #[must_use]
    fn order() -> Vec<(Column<Self>, Direction)> {
        Vec::new()
    }

    /// The column that is set to the time of a deletion, instead of deleting the row. Such rows are not visible.
    /// `None` (default): rows are deleted. A column without times, or that is never null, is an error of the build.
    #[must_use]
    fn deleted_at() -> Option<Column<Self>> {
        None
    }

    /// The column with the version of the row, an integer that each update increases. An update whose body has
    /// the column fails with 409 if the row has another version. `None` (default): there is none. A
    /// new row has version 1. A column without integers is an error of the build.
    ///
    /// Items then have an `ETag`, and requests may be conditional: see
    /// [`AsyncResource::validators`]. The statement that changes a row compares `If-Match`.
    #[must_use]
    fn version() -> Option<Column<Self>> {
        None
    }

    /// The column with the time of the last change, which [`fill_update`](Self::fill_update) or the database sets.
    /// Items then have `Last-Modified`, and requests may be conditional. Without [`version`](Self::version) it is the
    /// version in their `ETag`, too. `None` (default): there is none.
    #[must_use]
    fn modified() -> Option<Column<Self>> {
        None
    }

    /// Sets columns of a new row that do not come from the body, such as its author and its time. It runs without
    /// a transaction.
    ///
    /// # Errors
    /// Any error refuses the request.
    fn fill_create(
        &self,
        request: &Request<Caller<Self>>,
        model: &mut ActiveModel<Self>,
    ) -> Result<(), Self::Error> {
        let _ = (request, model);
        Ok(())
    }

    /// Sets columns of a row that is updated, such as the time of the change. It runs without a transaction.
    ///
    /// # Errors
    /// Any error refuses the request.
    fn fill_update(
        &self,
        request: &Request<Caller<Self>>,
        model: &mut ActiveModel<Self>,
    ) -> Result<(), Self::Error> {
        let _ = (request, model);
        Ok(())
    }

    /// Runs before the row is inserted, in the transaction.
    fn before_create(
        &self,
        request: &Request<Caller<Self>>,
        tx: &Tx,
        model: &mut ActiveModel<Self>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (request, tx, model);
        async { Ok(()) }
    }

    /// Runs after the row was inserted, in the transaction.
    fn after_create(
        &self,
        request: &Request<Caller<Self>>,
        tx: &Tx,
        model: &Model<Self>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (request, tx, model);
        async { Ok(()) }
    }

    /// Runs before the row is updated, in the transaction. `before` is the row, which is locked.
    fn before_update(
        &self,
        request: &Request<Caller<Self>>,
        tx: &Tx,
        before: &Model<Self>,
        model: &mut ActiveModel<Self>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (request, tx, before, model);
        async { Ok(()) }
    }

    /// Runs after the row was updated, in the transaction.
    fn after_update(
        &self,
        request: &Request<Caller<Self>>,
        tx: &Tx,
        model: &Model<Self>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (request, tx, model);
        async { Ok(()) }
    }

    /// Runs before the row is deleted, in the transaction. The row is locked.
    fn before_destroy(
        &self,
        request: &Request<Caller<Self>>,
        tx: &Tx,
        model: &Model<Self>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (request, tx, model);
        async { Ok(()) }
    }

    /// Runs after the row was deleted, in the transaction.
    fn after_destroy(
        &self,
        request: &Request<Caller<Self>>,
        tx: &Tx,
        model: &Model<Self>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = (request, tx, model);
        async { Ok(()) }
    }

    /// Runs after a change was committed. The response waits for it, and does not depend on it: it cannot fail, and a
    /// panic is logged.
    fn on_commit(
        &self,
        request: &Request<Caller<Self>>,
        change: Committed<Model<Self>>,
    ) -> impl Future<Output = ()> + Send {
        let _ = (request, change);
        async {}
    }
}

/// A change that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed<M> {
    /// A new row.
    Created(M),
    /// A row after its update.
    Updated(M),
    /// A row before its deletion.
    Destroyed(M),
}

/// The hooks of a model resource that run in its transactions or after them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each hook")]
#[expect(missing_docs, reason = "each has the name of its hook")]
pub struct Hooks {
    pub before_create: bool,
    pub after_create: bool,
    pub before_update: bool,
    pub after_update: bool,
    pub before_destroy: bool,
    pub after_destroy: bool,
    pub on_commit: bool,
}

impl Hooks {
    /// No hook.
    pub const NONE: Self = Self {
        before_create: false,
        after_create: false,
        before_update: false,
        after_update: false,
        before_destroy: false,
        after_destroy: false,
        on_commit: false,
    };

    pub(crate) const fn create(self) -> bool {
        self.before_create || self.after_create
    }

    pub(crate) const fn update(self) -> bool {
        self.before_update || self.after_update
    }

    pub(crate) const fn destroy(self) -> bool {
        self.before_destroy || self.after_destroy
    }
}
