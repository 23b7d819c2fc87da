//! Many items in one request and one transaction, each in a savepoint of its own.

use std::sync::{Mutex, PoisonError};

use resourceful::{AsyncResource, Bulk, BulkResults, Caller, Error, Request};

use crate::error::DbError;
use crate::model::actions::create::{filled, place};
use crate::model::actions::list::check_parent;
use crate::model::actions::update::Change;
use crate::model::actions::{
    applied, committed, conflict, create, db, destroy, of_hook, row_of, scope, update, writable,
};
use crate::model::changeset::Changeset;
use crate::model::constraint::{Members, explain};
use crate::model::item::Item;
use crate::model::nested::load_nested_of;
use crate::model::resource::{ActiveModel, Committed, Model, ModelResource};
use crate::model::scope::Scope;
use crate::model::select::Loaded;
use crate::source::Source;
use crate::tx::Tx;

/// Creates many items, in the order of the list. An item that fails changes nothing, and does not affect the
/// others. All of them are one transaction: if the database fails half-way, no item is created.
///
/// # Errors
/// 404 for a parent that does not exist for the caller; if the transaction fails.
///
/// # Examples
/// ```ignore
/// struct NewPosts { posts: Bulk<NewPost> }
///
/// #[action(POST, "bulk")]
/// async fn bulk(&self, request: &Request<User>, new: NewPosts) -> Result<BulkResults<Post>, DbError> {
///     bulk_create(self, request, new.posts).await
/// }
/// ```
pub async fn bulk_create<R, I, const MAX: usize>(
    resource: &R,
    request: &Request<Caller<R>>,
    items: Bulk<<R as AsyncResource>::Create, MAX>,
) -> Result<BulkResults<I>, R::Error>
where
    R: ModelResource<Error: From<DbError>, Create: Changeset<R::Entity>>,
    I: Item<Entity = R::Entity>,
{
    let all = All::begin(resource, request).await?;
    let create = |new| {
        let all = &all;
        async move {
            let model = filled(resource, request, new).map_err(of_hook::<R>)?;
            let (item, row) = all.create(model).await?;
            all.keep(row.map(Committed::Created));
            Ok::<_, Error>(item)
        }
    };
    // One after the other: ids follow the order of the list.
    let results = items.process(1, create).await;
    all.commit().await?;
    Ok(results)
}

/// Changes many items, as [`bulk_create`] creates them. `id` is the id of the item that a change is for.
///
/// # Errors
/// 404 for a parent that does not exist for the caller; if the transaction fails.
pub async fn bulk_update<R, I, C, const MAX: usize>(
    resource: &R,
    request: &Request<Caller<R>>,
    items: Bulk<C, MAX>,
    id: impl Fn(&C) -> R::Key + Sync,
) -> Result<BulkResults<I>, R::Error>
where
    R: ModelResource<Error: From<DbError>, Key: Clone>,
    I: Item<Entity = R::Entity>,
    C: Changeset<R::Entity>,
{
    let all = All::begin(resource, request).await?;
    let update = |changes: C| {
        let (all, id) = (&all, id(&changes));
        async move {
            let (item, row) = all.update(id, changes).await?;
            all.keep(row.map(Committed::Updated));
            Ok::<_, Error>(item)
        }
    };
    let results = items.process(1, update).await;
    all.commit().await?;
    Ok(results)
}

/// Deletes many items, as [`bulk_create`] creates them. `id` is the id of the item to delete.
///
/// # Errors
/// 404 for a parent that does not exist for the caller; if the transaction fails.
pub async fn bulk_destroy<R, T, const MAX: usize>(
    resource: &R,
    request: &Request<Caller<R>>,
    items: Bulk<T, MAX>,
    id: impl Fn(&T) -> R::Key + Sync,
) -> Result<BulkResults<()>, R::Error>
where
    R: ModelResource<Error: From<DbError>, Key: Clone>,
{
    let all = All::begin(resource, request).await?;
    let destroy = |item: T| {
        let (all, id) = (&all, id(&item));
        async move {
            let row = all.destroy(id).await?;
            all.keep(Some(Committed::Destroyed(row)));
            Ok::<_, Error>(())
        }
    };
    let results = items.process(1, destroy).await;
    all.commit().await?;
    Ok(results)
}

/// The transaction of all items.
struct All<'r, R: ModelResource> {
    resource: &'r R,
    request: &'r Request<Caller<R>>,
    scope: Scope<R::Entity>,
    writable: Scope<R::Entity>,
    tx: Tx,
    /// `on_commit` gets these changes.
    changes: Mutex<Vec<Committed<Model<R>>>>,
}

impl<'r, R: ModelResource> All<'r, R> {
    async fn begin(resource: &'r R, request: &'r Request<Caller<R>>) -> Result<Self, DbError> {
        let tx = db(resource).begin_for(request).await?;
        check_parent(resource, request, Source::Tx(&tx)).await?;
        Ok(Self {
            resource,
            request,
            scope: scope(resource, request),
            writable: writable(resource, request),
            tx,
            changes: Mutex::default(),
        })
    }

    async fn create<I: Item<Entity = R::Entity>>(
        &self,
        mut model: ActiveModel<R>,
    ) -> Result<(I, Option<Model<R>>), DbError>
    where
        R: ModelResource<Create: Changeset<R::Entity>>,
    {
        let Self {
            resource,
            request,
            writable,
            ..
        } = self;
        place(*resource, request, &mut model, Source::Tx(&self.tx)).await?;
        let savepoint = self.tx.savepoint().await?;
        let written = model.clone();
        let created = create::with_hooks(*resource, request, writable, model, &savepoint).await;
        let members = <R::Create as Changeset<R::Entity>>::MEMBERS;
        self.finish(savepoint, created, &written, members).await
    }

    async fn update<I, C>(&self, id: R::Key, changes: C) -> Result<(I, Option<Model<R>>), DbError>
    where
        R: ModelResource<Key: Clone>,
        I: Item<Entity = R::Entity>,
        C: Changeset<R::Entity>,
    {
        let Self {
            resource,
            request,
            scope,
            ..
        } = self;
        let mut model = applied::<R, _>(changes)?;
        resource
            .fill_update(request, &mut model)
            .map_err(of_hook::<R>)?;
        let written = model.clone();
        let change = Change::<R>::new(self.writable.clone(), id, model);
        let savepoint = self.tx.savepoint().await?;
        let updated = update::with_hooks(*resource, request, scope, change, &savepoint).await;
        let updated = updated.and_then(|updated| updated.ok_or_else(conflict));
        self.finish(savepoint, updated, &written, C::MEMBERS).await
    }

    /// Ends the savepoint of an item that was written, or undoes it.
    async fn finish<I: Item<Entity = R::Entity>>(
        &self,
        savepoint: Tx,
        result: Result<(Loaded<I>, Option<Model<R>>), DbError>,
        written: &ActiveModel<R>,
        members: &Members,
    ) -> Result<(I, Option<Model<R>>), DbError> {
        let (loaded, row) = match result {
            Ok(written) => written,
            Err(error) => {
                savepoint.rollback().await?;
                let source = Source::Tx(&self.tx);
                return Err(explain::<R::Entity>(error, written, members, source).await);
            }
        };
        let item = load_nested_of(Source::Tx(&savepoint), loaded).await?;
        savepoint.commit().await?;
        Ok((item, row))
    }

    async fn destroy(&self, id: R::Key) -> Result<Model<R>, DbError>
    where
        R: ModelResource<Key: Clone>,
    {
        let savepoint = self.tx.savepoint().await?;
        let row = row_of::<R>(self.writable.clone(), id.clone());
        let destroyed =
            destroy::with_hooks(self.resource, self.request, id, &row, &savepoint).await;
        match &destroyed {
            Ok(_) => savepoint.commit().await?,
            Err(_) => savepoint.rollback().await?,
        }
        destroyed
    }

    fn keep(&self, change: Option<Committed<Model<R>>>) {
        if R::HOOKS.on_commit {
            let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
            changes.extend(change);
        }
    }

    async fn commit(self) -> Result<(), DbError> {
        self.tx.commit().await?;
        for change in self
            .changes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
        {
            committed(self.resource, self.request, Some(change)).await?;
        }
        Ok(())
    }
}
