//! `/users`: what an administrator may do.

use resourceful::{Only, Policy, prelude::*};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder, QuerySelect,
};

use crate::accounts::{Accounts, Browsers};
use crate::error::AccountError;
use crate::user::{self, Account, User};

pub(crate) struct Administrators;

impl Policy<User> for Administrators {
    const REFUSAL: &'static str = "This is for administrators.";

    fn allows(user: &User, _: &Request) -> bool {
        user.is_administrator
    }
}

#[derive(AsRef)]
pub(crate) struct Users(#[as_ref(Browsers)] pub(crate) Accounts);

impl Users {
    async fn set_blocked(&self, user: User, is_blocked: bool) -> Result<Account, AccountError> {
        let mut user = user.into_active_model();
        user.is_blocked = Set(is_blocked);
        Ok(user.update(&self.0.database).await?.into())
    }
}

/// A user, whoever it is.
pub(crate) struct AnyUser(User);

impl Subject<Users, User> for AnyUser {
    type Id = i64;

    async fn find(users: &Users, _: &Request<User>, id: i64) -> Result<Option<Self>> {
        let user = user::Entity::find_by_id(id).one(&users.0.database).await;
        Ok(user.map_err(Error::internal)?.map(Self))
    }
}

/// All users, for administrators.
#[resource]
impl AsyncResource for Users {
    type Access = Only<SignedIn<Browsers>, Administrators>;

    async fn list(
        &self,
        _: &Request<User>,
        page: PageNumber,
    ) -> Result<Page<Account>, AccountError> {
        let users = user::Entity::find().order_by_asc(user::Column::Id);
        let rows = users.clone().offset(page.offset()).limit(page.limit());
        let (rows, total) =
            tokio::try_join!(rows.all(&self.0.database), users.count(&self.0.database))?;
        Ok(page.of(rows, total).map(Account::from))
    }

    /// Blocks a user, whose sessions and keys are refused from now on. The keys work again after `unblock`.
    #[action(POST, "block", detail)]
    async fn block(
        &self,
        request: &Request<User>,
        AnyUser(user): AnyUser,
    ) -> Result<Account, AccountError> {
        if user.id == request.caller().id {
            return Err(Error::conflict("You cannot block yourself.").into());
        }
        let account = self.set_blocked(user, true).await?;
        self.0.browsers.sign_out_everywhere(account.id).await?;
        Ok(account)
    }

    /// Lets a user sign in again.
    #[action(POST, "unblock", detail)]
    async fn unblock(
        &self,
        _: &Request<User>,
        AnyUser(user): AnyUser,
    ) -> Result<Account, AccountError> {
        self.set_blocked(user, false).await
    }
}
