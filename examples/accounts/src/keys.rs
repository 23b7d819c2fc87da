//! `/keys`: the API keys of the user who calls.

use std::time::Duration;

use resourceful::prelude::*;
use resourceful_auth::{ApiKey, NewApiKey};

use crate::accounts::{Accounts, Browsers};
use crate::user::User;

const LIFETIME: Duration = Duration::from_hours(90 * 24);

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct NewKey {
    /// Such as the machine that gets it.
    #[garde(length(chars, min = 1, max = 100))]
    name: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct IssuedKey {
    #[serde(flatten)]
    key: ApiKey,
    /// The key itself, which nobody can read again.
    text: String,
}

#[derive(AsRef)]
pub(crate) struct Keys(#[as_ref(Browsers)] pub(crate) Accounts);

/// API keys for machines. A key cannot make another key.
#[resource]
impl AsyncResource for Keys {
    type Access = SignedIn<Browsers>;

    /// My keys, the newest first, with those that expired or were revoked.
    async fn list(&self, request: &Request<User>, _: Unpaged) -> Result<Page<ApiKey>> {
        let owner = request.caller().id.to_string();
        Ok(Page::all(self.0.machines.list(&owner).await?))
    }

    /// Makes a key for 90 days.
    async fn create(&self, request: &Request<User>, new: NewKey) -> Result<IssuedKey> {
        let new = NewApiKey::new(request.caller().id.to_string(), new.name).expires_in(LIFETIME);
        let issued = self.0.machines.create(new).await?;
        Ok(IssuedKey {
            key: issued.key,
            text: issued.text,
        })
    }

    /// Revokes a key, which stays in the list.
    #[action(POST, "revoke")]
    async fn revoke(
        &self,
        request: &Request<User>,
        Unchecked(id): Unchecked<String>,
    ) -> Result<ApiKey> {
        // It finds the keys of this owner only.
        self.0
            .machines
            .revoke(&request.caller().id.to_string(), &id)
            .await
    }
}
