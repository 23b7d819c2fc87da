//! `POST /users/{id}/sync/`

use resourceful::prelude::*;
use resourceful_client::Client;
use resourceful_db::Db;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr, EntityTrait, IntoActiveModel};

use crate::entity::user;
use crate::error::BlogError;
use crate::external::{external_user, ok};

/// Fields of a user in the external service.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Profile {
    #[serde(default)]
    email: Change<String>,
    #[serde(default)]
    first_name: Change<String>,
    #[serde(default)]
    last_name: Change<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Synchronized {
    message: &'static str,
    user: LocalUser,
}

#[derive(Debug, Serialize, JsonSchema)]
struct LocalUser {
    id: i64,
    username: String,
    email: String,
    first_name: String,
    last_name: String,
}

/// Copies the fields of the external user to the local user.
pub(super) async fn sync_user(
    upstream: &Client,
    database: &Db,
    id: i64,
) -> Result<Synchronized, BlogError> {
    let call = upstream.get("/users/{id}").param("id", id);
    let reply = external_user(ok(call).await)?;
    // As strict as for request bodies, because the fields are stored.
    let profile: Profile = resourceful::from_json(reply.bytes()).map_err(BlogError::external)?;
    let user = user::Entity::find_by_id(id).one(database).await?;
    let user = user.ok_or(BlogError::LocalUserNotFound(id))?;
    // Another request may have deleted the user.
    let user = profile
        .apply_to(user, database)
        .await
        .map_err(|error| match error {
            DbErr::RecordNotUpdated => BlogError::LocalUserNotFound(id),
            other => other.into(),
        })?;
    Ok(Synchronized {
        message: "User data synchronized",
        user: LocalUser {
            id: user.id,
            username: user.username,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
        },
    })
}

impl Profile {
    async fn apply_to(self, user: user::Model, database: &Db) -> Result<user::Model, DbErr> {
        let mut user = user.into_active_model();
        if let Change::Set(email) = self.email {
            user.email = Set(email);
        }
        if let Change::Set(first_name) = self.first_name {
            user.first_name = Set(first_name);
        }
        if let Change::Set(last_name) = self.last_name {
            user.last_name = Set(last_name);
        }
        user.update(database).await
    }
}
