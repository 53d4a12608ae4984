//! The world of the documentation's examples, so that each of them can be tried as it stands: John Doe with
//! his number, and a group that both he and the account are in.

use super::{NewPerson, nobody};
use crate::access::View;
use crate::messages::{self, Actor, ChatRef, Draft, Sending};
use crate::{Error, Hub, contacts};
use contactgram_model::{ChatId, ContactId, ContactSource, Group, MemberStatus, User, UserId};
use contactgram_store::ops::{contacts as rows, counters, directory, groups};
use contactgram_wire::message::Content;

/// John's id in the documentation.
const JOHN: UserId = UserId(1_234_567_890);
/// The chat that the documentation sends to.
const GROUP: ChatId = ChatId(-1_234_567_890);

impl Hub {
    /// Puts an account into the documentation's world. Doing so twice changes nothing.
    pub async fn demo(&self, account: UserId) -> Result<(), Error> {
        let now = self.clock.now();
        let john = NewPerson {
            first_name: "John".to_owned(),
            last_name: Some("Doe".to_owned()),
            phone_number: Some("+1234567890".to_owned()),
            email: Some("john.doe@example.com".to_owned()),
            ..NewPerson::default()
        };
        self.change(account, move |tx, rings| {
            let me = Actor::account(tx, View::whole(account))?;
            let john = User {
                first_name: john.first_name.clone(),
                last_name: john.last_name.clone(),
                phone_number: john.phone_number.clone(),
                email: john.email.clone(),
                ..nobody(JOHN)
            };
            if directory::insert(tx, &john, now)? {
                counters::open(tx, JOHN, 0)?;
            }
            let Some(john) = directory::get(tx, JOHN)?.filter(|user| !user.kind.is_account()) else {
                return Err(Error::bad("the number +1234567890 is somebody else's here"));
            };
            if rows::get(tx, account, ContactId(JOHN.0))?.is_some() {
                return Ok(());
            }
            let mut contact = contactgram_model::Contact {
                first_name: john.first_name.clone(),
                last_name: john.last_name.clone(),
                phone_number: john.phone_number.clone(),
                email: john.email.clone(),
                ..contacts::blank(ContactId(JOHN.0), ContactSource::Manual, now)
            };
            contacts::take_over(&mut contact, &john);
            contact.version = counters::next_contact(tx, account, 1)?.version;
            rows::insert(tx, account, &contact)?;

            groups::insert(tx, &Group { id: GROUP, title: "Example group".to_owned() })?;
            groups::set_member(tx, GROUP, JOHN, MemberStatus::Creator)?;
            groups::set_member(tx, GROUP, account, MemberStatus::Member)?;

            let chat = ChatRef::Id(me.user.id.0);
            let draft = Draft::new(chat, Content::text("Hello World!".to_owned(), Vec::new()));
            let actor = Actor::person(john);
            messages::send(tx, rings, &actor, Sending { draft: &draft, origin: None, now })?;
            Ok(())
        })
        .await
    }
}
