//! `blog_account`: users who have signed up.

use std::fmt;

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blog_account")]
pub struct Model {
    /// Never given again. SQLite gives the id of a deleted user to another one.
    #[sea_orm(primary_key)]
    pub id: i64,
    pub user_id: i64,
    /// `date_joined` of the user. With it, the account is not that of a later user with the same id.
    pub user_joined: DateTimeUtc,
    pub password_hash: PasswordHash,
    #[sea_orm(belongs_to, from = "(user_id, user_joined)", to = "(id, date_joined)")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The hash of a password, which `Debug` omits.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}
