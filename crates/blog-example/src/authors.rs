//! [`Author`]: the user who calls, by the cookie of their session.
//!
//! Coming from Django: this is `request.user` with its type. Where a rule lets in everybody, it is an `Option`,
//! which replaces `AnonymousUser`.

use std::sync::Arc;

use resourceful::prelude::*;
use resourceful_auth::{SessionStore, Sessions};
use resourceful_db::Db;
use sea_orm::{ColumnTrait, DerivePartialModel, EntityTrait, QueryFilter};

use crate::entity::{account, user};
use crate::error::BlogError;

/// The sessions of authors. Their data is the id of the account.
pub(crate) type Authors = Sessions<Author, i64>;

/// A user who has signed in.
#[derive(Debug, DerivePartialModel)]
#[sea_orm(entity = "account::Entity")]
pub(crate) struct Author {
    #[sea_orm(from_col = "id")]
    pub(crate) account_id: i64,
    pub(crate) user_id: i64,
    #[sea_orm(from_expr = "user::Column::Username")]
    pub(crate) username: String,
}

/// The sessions in this store. Each request loads its author, so a user who is deleted or not active is out
/// at once.
pub(crate) fn authors(store: Arc<dyn SessionStore>, database: &Db) -> Authors {
    let database = database.clone();
    Sessions::with_callers(store, move |account| find(account, database.clone()))
}

async fn find(account: i64, database: Db) -> Result<Option<Author>> {
    let author = account::Entity::find_by_id(account)
        .inner_join(user::Entity)
        .filter(user::Column::IsActive.eq(true))
        .into_partial_model()
        .one(&database)
        .await;
    Ok(author.map_err(BlogError::from)?)
}
