//! `/organisations/{organisation_id}/projects`

use crate::prelude::*;

#[derive(Serialize, JsonSchema, Item)]
#[item(entity = project::Entity)]
pub(crate) struct Project {
    id: i64,
    key: String,
    name: String,
}

#[derive(Deserialize, JsonSchema, Validate, Changeset)]
#[changeset(entity = project::Entity)]
pub(crate) struct NewProject {
    /// Unique in the organisation.
    #[garde(ascii, alphanumeric, length(chars, min = 1, max = 10))]
    #[schemars(regex(pattern = "^[A-Za-z0-9]*$"))]
    key: String,
    #[garde(length(chars, min = 1, max = 100))]
    name: String,
}

#[derive(AsRef)]
pub(crate) struct Projects(#[as_ref(Db, Sessions<User>)] pub(crate) Tracker);

/// The projects of an organisation. Its owners add and change them.
#[resource(only(list, create, retrieve, update, destroy))]
impl ModelResource for Projects {
    type Access = Users;
    type Parent = i64;
    type Entity = project::Entity;
    type Item = Project;
    type Create = NewProject;
    type Query = PageNumber;

    fn within(&self, request: &Request<User>) -> Option<Within<project::Entity>> {
        let organisation = organisations(memberships(request.caller()))
            .eq(organisation::Column::Id, self.parent(request));
        let column = project::Column::OrganisationId;
        Some(Within::parent(column, organisation))
    }

    fn writable(&self, request: &Request<User>) -> Scope<project::Entity> {
        let (column, owners) = (
            project::Column::OrganisationId,
            ownerships(request.caller()),
        );
        Scope::all().within(column, owners, member::Column::OrganisationId)
    }
}
