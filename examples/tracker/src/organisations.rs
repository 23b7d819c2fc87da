//! `/organisations`

use crate::prelude::*;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = organisation::Entity)]
pub(crate) struct Organisation {
    id: i64,
    name: String,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = organisation::Entity)]
pub(crate) struct NewOrganisation {
    #[garde(length(chars, min = 1, max = 100))]
    name: String,
}

#[derive(AsRef)]
pub(crate) struct Organisations(#[as_ref(Db, Sessions<User>)] pub(crate) Tracker);

/// The organisations of the user who calls. Their owners change them.
#[resource(only(list, create, retrieve, update, destroy))]
impl ModelResource for Organisations {
    type Access = Users;
    type Entity = organisation::Entity;
    type Item = Organisation;
    type Create = NewOrganisation;
    type Query = PageNumber;

    fn visible(&self, request: &Request<User>) -> Scope<organisation::Entity> {
        organisations(memberships(request.caller()))
    }

    fn writable(&self, request: &Request<User>) -> Scope<organisation::Entity> {
        organisations(ownerships(request.caller()))
    }

    /// Makes the caller the first owner.
    async fn after_create(
        &self,
        request: &Request<User>,
        tx: &Tx,
        organisation: &organisation::Model,
    ) -> Result<(), DbError> {
        let owner = member::ActiveModel {
            organisation_id: Set(organisation.id),
            user_id: Set(request.caller().id),
            role: Set(member::Role::Owner),
            ..Default::default()
        };
        owner.insert(tx).await?;
        Ok(())
    }
}
