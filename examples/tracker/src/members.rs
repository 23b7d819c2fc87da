//! `/organisations/{organisation_id}/members`

use crate::entity::member::Role;
use crate::prelude::*;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = member::Entity)]
pub(crate) struct Member {
    id: i64,
    user_id: i64,
    #[item(from = user::Column::Name)]
    name: Option<String>,
    role: Role,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = member::Entity)]
#[garde(allow_unvalidated)]
pub(crate) struct NewMember {
    user_id: i64,
    role: Role,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = member::Entity)]
#[garde(allow_unvalidated)]
pub(crate) struct NewRole {
    role: Role,
}

#[derive(AsRef)]
pub(crate) struct Members(#[as_ref(Db, Sessions<User>)] pub(crate) Tracker);

/// The members of an organisation. Its owners add and change them.
#[resource(only(list, create, retrieve, update, destroy))]
impl ModelResource for Members {
    type Access = Users;
    type Parent = i64;
    type Entity = member::Entity;
    type Item = Member;
    type Create = NewMember;
    type Update = NewRole;
    type Query = PageNumber;

    fn within(&self, request: &Request<User>) -> Option<Within<member::Entity>> {
        let organisation = organisations(memberships(request.caller()))
            .eq(organisation::Column::Id, self.parent(request));
        let column = member::Column::OrganisationId;
        Some(Within::parent(column, organisation))
    }

    fn writable(&self, request: &Request<User>) -> Scope<member::Entity> {
        let column = member::Column::OrganisationId;
        Scope::all().within(column, ownerships(request.caller()), column)
    }

    async fn after_update(
        &self,
        _: &Request<User>,
        tx: &Tx,
        member: &member::Model,
    ) -> Result<(), DbError> {
        keep_an_owner(tx, member.organisation_id).await
    }

    async fn after_destroy(
        &self,
        _: &Request<User>,
        tx: &Tx,
        member: &member::Model,
    ) -> Result<(), DbError> {
        keep_an_owner(tx, member.organisation_id).await
    }
}

/// Undoes a change after which nobody could add members. The lock lets one such change in at a time.
async fn keep_an_owner(tx: &Tx, id: i64) -> Result<(), DbError> {
    let organisation = Scope::<organisation::Entity>::all().eq(organisation::Column::Id, id);
    organisation.locked(tx).await?;
    let owners = Scope::<member::Entity>::all()
        .eq(member::Column::OrganisationId, id)
        .eq(member::Column::Role, Role::Owner);
    match owners.count(tx).await? {
        0 => Err(Error::conflict("An organisation keeps an owner.").into()),
        _ => Ok(()),
    }
}
