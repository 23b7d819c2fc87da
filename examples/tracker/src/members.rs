//! `/organisations/{organisation_id}/members`

use resourceful::prelude::*;
use resourceful_auth::Sessions;
use resourceful_db::{Changeset, Db, DbError, Item, ModelResource, Scope, Tx, Within};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::entity::member::{self, Role};
use crate::entity::{organisation, user};
use crate::tracker::{Tracker, User, Users, organisations, owned_organisations};

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
pub(crate) struct MemberChanges {
    #[serde(default)]
    role: Change<Role>,
}

#[derive(AsRef)]
pub(crate) struct Members(#[as_ref(Db, Sessions<User>)] pub(crate) Tracker);

/// The members of an organisation. Its owners add and change them.
#[resource(only(list, create, retrieve, partial_update, destroy))]
impl ModelResource for Members {
    type Access = Users;
    type Parent = i64;
    type Entity = member::Entity;
    type Item = Member;
    type Create = NewMember;
    type PartialUpdate = MemberChanges;
    type Query = PageNumber;

    fn within(&self, request: &Request<User>) -> Option<Within<member::Entity>> {
        let organisation = organisations(request.caller());
        let organisation = organisation.eq(organisation::Column::Id, self.parent(request));
        let column = member::Column::OrganisationId;
        Some(Within::parent(
            column,
            organisation,
            organisation::Column::Id,
        ))
    }

    fn visible(&self, _: &Request<User>) -> Scope<member::Entity> {
        Scope::all() // of the organisation
    }

    fn writable(&self, request: &Request<User>) -> Scope<member::Entity> {
        let owned = owned_organisations(request.caller());
        Scope::all().within(
            member::Column::OrganisationId,
            owned,
            organisation::Column::Id,
        )
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
async fn keep_an_owner(tx: &Tx, organisation: i64) -> Result<(), DbError> {
    let lock = organisation::Entity::find_by_id(organisation).lock_exclusive();
    lock.one(tx).await?;
    let owners = member::Entity::find()
        .filter(member::Column::OrganisationId.eq(organisation))
        .filter(member::Column::Role.eq(Role::Owner));
    match owners.count(tx).await? {
        0 => Err(Error::conflict("An organisation keeps an owner.").into()),
        _ => Ok(()),
    }
}
