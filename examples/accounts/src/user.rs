//! The table `user`.

use std::fmt;

use resourceful::prelude::*;
use resourceful_db::{Db, DbError, DbErrorKind};
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;

use crate::error::AccountError;

/// A user. Hooks get the one who calls.
pub(crate) use self::Model as User;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub(crate) struct Model {
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) password_hash: String,
    /// Counts the changes of the password.
    pub(crate) password_version: i64,
    pub(crate) is_administrator: bool,
    pub(crate) is_blocked: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Omits the hash of the password.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A user in responses.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Account {
    pub(crate) id: i64,
    name: String,
    is_administrator: bool,
    is_blocked: bool,
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            name: user.name,
            is_administrator: user.is_administrator,
            is_blocked: user.is_blocked,
        }
    }
}

pub(crate) async fn create_table(database: &Db) -> Result<(), DbErr> {
    let create = "CREATE TABLE IF NOT EXISTS user (id integer PRIMARY KEY AUTOINCREMENT, \
                  name text NOT NULL UNIQUE COLLATE NOCASE, \
                  password_hash text NOT NULL, password_version bigint NOT NULL, \
                  is_administrator boolean NOT NULL, is_blocked boolean NOT NULL)";
    database.execute_unprepared(create).await.map(drop)
}

/// The user with this id, unless blocked.
pub(crate) async fn active(database: &Db, id: i64) -> Result<Option<User>> {
    let user = Entity::find_by_id(id).filter(Column::IsBlocked.eq(false));
    user.one(database).await.map_err(Error::internal)
}

pub(crate) async fn by_name(database: &Db, name: &str) -> Result<Option<User>, DbErr> {
    Entity::find()
        .filter(Column::Name.eq(name))
        .one(database)
        .await
}

/// Adds a user. The constraint decides whether the name is taken, so two requests at once cannot both have it.
pub(crate) async fn add(
    database: &Db,
    name: String,
    password_hash: String,
) -> Result<User, AccountError> {
    let user = ActiveModel {
        name: Set(name),
        password_hash: Set(password_hash),
        password_version: Set(0),
        is_administrator: Set(false),
        is_blocked: Set(false),
        ..Default::default()
    };
    let result = user.insert(database).await.map_err(DbError::from);
    result.map_err(|error| match error.kind() {
        DbErrorKind::Unique => Error::invalid([FieldError::body("/name", "is taken")]).into(),
        _ => error.into(),
    })
}

/// Changes the password, unless another request has changed it since `user` was read.
pub(crate) async fn change_password(
    database: &Db,
    user: &User,
    hash: String,
) -> Result<User, AccountError> {
    let password_version = user.password_version + 1;
    let update = Entity::update_many()
        .col_expr(Column::PasswordHash, hash.as_str().into())
        .col_expr(Column::PasswordVersion, password_version.into())
        .filter(Column::Id.eq(user.id))
        .filter(Column::PasswordVersion.eq(user.password_version));
    if update.exec(database).await?.rows_affected == 0 {
        return Err(Error::conflict("Another request has changed the password.").into());
    }
    Ok(User {
        password_hash: hash,
        password_version,
        ..user.clone()
    })
}

pub(crate) async fn make_administrator(database: &Db, name: &str) -> Result<(), AccountError> {
    let update = Entity::update_many()
        .col_expr(Column::IsAdministrator, true.into())
        .filter(Column::Name.eq(name));
    match update.exec(database).await?.rows_affected {
        0 => Err(Error::not_found("There is no such user.").into()),
        _ => Ok(()),
    }
}
