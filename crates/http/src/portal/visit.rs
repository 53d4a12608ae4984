//! A request for a page: who is signed in, with which role on the account of the path, and what was sent. What a page
//! takes stands in its row of the table; nothing gets to a handler without it. Forms come from our own pages, with the
//! token of the session they were made for.

use super::answer::{Oops, cookie_name};
use super::form::Form;
use super::shell::{Here, Shell, note};
use crate::App;
use crate::needs::{self, Need, Who};
use crate::reply::{Failure, bad};
use crate::server::{BodyError, BodyLimits, Paced, Peer, read_body};
use axum::RequestExt as _;
use axum::body::Body;
use axum::extract::{FromRequest, MatchedPath, RawPathParams, Request};
use bytes::Bytes;
use contactgram_hub::{Caller, Error, Hub, Permit, SignInFrom, SignedIn, access};
use contactgram_model::{Actor, PlainSecret, Role, UserId};
use contactgram_wire::params::{Upload, UploadError, UploadedPart, upload_boundary};
use http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, USER_AGENT};
use http::{HeaderMap, Method};
use http_body_util::BodyDataStream;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest form: a message of 4096 characters, each of them encoded, is well below.
const LARGEST: usize = 256 << 10;
/// The largest form with a file: the file with the fields beside it.
const LARGEST_FILE: usize = crate::contacts::MOST_FILE + LARGEST;
/// About what one of them holds in memory, of the room that all bodies share.
const HELD: usize = 1 << 20;

/// A request for a page, whose row of the table it has met.
pub(crate) struct Visit {
    app: App,
    pub path: String,
    parts: Vec<(String, String)>,
    query: Form,
    pub raw_query: String,
    pub form: Form,
    pub headers: HeaderMap,
    /// The file of a form that has one, still on its way.
    upload: Mutex<Option<Uploaded>>,
    peer: Option<SocketAddr>,
    signed: Option<SignedIn>,
    at: Option<(Caller, Here)>,
}

/// A file that a form brings: the fields before it are read, and it is still to come.
pub(crate) struct Uploaded {
    /// As the visitor's machine calls it; empty where none was chosen.
    pub name: String,
    /// Its type, as far as the browser knows.
    pub kind: String,
    /// Keeps the body in being.
    _upload: Upload,
    part: UploadedPart,
}

impl Uploaded {
    /// The next piece of the file.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        self.part.piece().await.map_err(of_upload)
    }
}

fn of_upload(error: UploadError) -> Failure {
    match error {
        UploadError::Bad(why) => why.into(),
        UploadError::Body(why) => match why.downcast::<BodyError>() {
            Ok(why) => (*why).into(),
            Err(_) => bad("the body ended before its time"),
        },
    }
}

impl FromRequest<App> for Visit {
    type Rejection = Oops;

    async fn from_request(mut request: Request, app: &App) -> Result<Visit, Oops> {
        let parts = match request.extract_parts::<RawPathParams>().await {
            Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            Err(_) => return Err(Failure::NoRoute.into()),
        };
        let matched = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
        let is_post = *request.method() == Method::POST;
        let verb = if is_post { Method::POST } else { Method::GET };
        let need = needs::of_page(&matched, &verb).ok_or(Failure::NoRoute)?;
        let (head, body) = request.into_parts();
        if is_post && !is_ours(&head.headers, app) {
            return Err(Oops::Forged);
        }
        let raw_query = head.uri.query().unwrap_or_default().to_owned();
        let mut visit = Visit {
            app: app.clone(),
            path: head.uri.path().to_owned(),
            parts,
            query: Form::read(raw_query.as_bytes()),
            raw_query,
            form: Form::default(),
            headers: head.headers,
            upload: Mutex::default(),
            peer: head.extensions.get::<Peer>().map(|peer| peer.0),
            signed: None,
            at: None,
        };
        if let Some(secret) = cookie(&visit.headers, cookie_name(app)) {
            visit.signed = match PlainSecret::parse(&secret) {
                Some(secret) => app.hub.session(&secret).await?,
                None => None,
            };
        }
        visit.meet(need, is_post).await?;
        if is_post {
            visit.read_form(body).await?;
            let known = visit.signed.as_ref().is_none_or(|signed| signed.csrf.fits(visit.form.one("csrf")));
            if need != Need::Page(Who::Anybody) && !known {
                return Err(Oops::Forged);
            }
        }
        Ok(visit)
    }
}

impl Visit {
    /// Lets through who may be here.
    async fn meet(&mut self, need: Need, is_post: bool) -> Result<(), Oops> {
        let Need::Page(who) = need else { return Err(Failure::NoRoute.into()) };
        if who == Who::Anybody {
            return Ok(());
        }
        let Some(signed) = &self.signed else {
            // What a form said can't be kept until somebody has signed in.
            let next = if is_post { String::new() } else { self.here() };
            return Err(Oops::SignIn(next));
        };
        match who {
            Who::Anybody | Who::SignedIn => {}
            Who::On(least) => {
                let role = self.stand().await?;
                if role < least {
                    return Err(too_low(least));
                }
            }
            Who::Everywhere(least) => {
                if everywhere(signed) < Some(least) {
                    return Err(too_low(least));
                }
                if !self.part("account").is_empty() {
                    self.stand().await?;
                }
            }
        }
        Ok(())
    }

    /// Finds the account of the path, and the member's role there.
    async fn stand(&mut self) -> Result<Role, Oops> {
        let (account, member) = (UserId(self.number("account")?), self.signed()?.member.member_id);
        let (caller, role) = self.app.hub.as_member(member, account).await?;
        let view = self.app.hub.account(account).await?;
        self.at = Some((caller, Here::of(&view, role)));
        Ok(role)
    }

    /// Reads what was sent; of a form with a file what stands before that.
    async fn read_form(&mut self, body: Body) -> Result<(), Oops> {
        let limits = self.app.options.body.clone();
        let kind = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if upload_boundary(kind).is_none() {
            let limits = BodyLimits { max_bytes: LARGEST, ..limits };
            self.form = Form::read(&read_body(body, limits).await.map_err(Failure::from)?);
            return Ok(());
        }
        let limits = BodyLimits { max_bytes: LARGEST_FILE, ..limits };
        let pieces = BodyDataStream::new(Paced::passing(body, limits, HELD));
        let mut upload = Upload::open(None, kind, pieces).map_err(Failure::from)?;
        let part = upload.next_file().await.map_err(of_upload)?;
        self.form = Form::sent(upload.params().texts());
        let file = upload.params().files().last();
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let name = text(file.and_then(|file| file.file_name.as_ref()));
        let kind = text(file.and_then(|file| file.content_type.as_ref()));
        let upload = part.map(|part| Uploaded { name, kind, _upload: upload, part });
        *self.upload.get_mut().unwrap_or_else(PoisonError::into_inner) = upload;
        Ok(())
    }

    /// The file that the form brings; once.
    pub fn take_upload(&self) -> Option<Uploaded> {
        self.upload.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn hub(&self) -> &Arc<Hub> {
        &self.app.hub
    }

    /// Who is signed in, on pages for whoever is.
    pub fn signed(&self) -> Result<&SignedIn, Oops> {
        self.signed.as_ref().ok_or_else(|| Oops::SignIn(self.here()))
    }

    /// Who is signed in, if somebody is.
    pub fn maybe_signed(&self) -> Option<&SignedIn> {
        self.signed.as_ref()
    }

    /// Who does what is done here, for the audit log.
    pub fn actor(&self) -> Result<Actor, Oops> {
        Ok(self.signed()?.actor())
    }

    /// The account of the path, and the member's role on it.
    pub fn account(&self) -> Result<(UserId, Role), Oops> {
        let (_, here) = self.at.as_ref().ok_or(Failure::NoRoute)?;
        Ok((here.id, here.role))
    }

    /// A permit on the account of the path.
    pub fn permit<N: access::Need>(&self) -> Result<Permit<N>, Oops> {
        let (caller, _) = self.at.as_ref().ok_or(Failure::NoRoute)?;
        Ok(caller.permit()?)
    }

    /// The member as a caller on the account of the path.
    pub fn caller(&self) -> Result<&Caller, Oops> {
        Ok(self.at.as_ref().map(|(caller, _)| caller).ok_or(Failure::NoRoute)?)
    }

    /// A part of the path.
    pub fn part(&self, name: &str) -> &str {
        self.parts.iter().find(|(part, _)| part == name).map_or("", |(_, value)| value.as_str())
    }

    /// A number in the path; what is none leads nowhere.
    pub fn number(&self, name: &str) -> Result<i64, Oops> {
        self.part(name).parse().map_err(|_| Failure::NoRoute.into())
    }

    /// A parameter of the address; empty where there is none.
    pub fn query(&self, name: &str) -> &str {
        self.query.one(name)
    }

    /// This page's address.
    pub fn here(&self) -> String {
        match self.raw_query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// Where somebody signs in from: what they are known by in the list of sessions.
    pub fn from(&self) -> SignInFrom {
        let agent = self.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let address =
            self.peer.map(|peer| client_of(&self.headers, peer.ip()).to_string()).unwrap_or_default();
        SignInFrom { address, agent: agent.to_owned() }
    }

    /// The secret of the session, for what ends it.
    pub fn secret(&self) -> Option<PlainSecret> {
        cookie(&self.headers, cookie_name(&self.app)).and_then(|text| PlainSecret::parse(&text))
    }

    /// The frame of the page.
    pub fn shell(&self, title: impl Into<String>, active: &'static str) -> Result<Shell, Oops> {
        let signed = self.signed()?;
        Ok(Shell {
            title: title.into(),
            active,
            member: signed.member.display_name.clone(),
            csrf: signed.csrf.reveal().to_owned(),
            note: note(self.query("done")),
            live: None,
            everywhere: everywhere(signed),
            here: self.at.as_ref().map(|(_, here)| here.clone()),
            accounts: Vec::new(),
        })
    }
}

/// Who is behind a proxy on this machine: what it says last is what it has seen itself. Whoever comes from elsewhere
/// could say anything, and else all who come through the proxy would wait for one of them who guesses passwords.
fn client_of(headers: &HeaderMap, peer: IpAddr) -> IpAddr {
    if !peer.to_canonical().is_loopback() {
        return peer;
    }
    let told = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    told.and_then(|all| all.rsplit(',').next()).and_then(|last| last.trim().parse().ok()).unwrap_or(peer)
}

/// A member's role on all accounts.
fn everywhere(signed: &SignedIn) -> Option<Role> {
    signed
        .member
        .roles
        .iter()
        .find(|given| given.account_id.is_none())
        .and_then(|given| given.role.parse().ok())
}

fn too_low(least: Role) -> Oops {
    Error::Forbidden(format!("this takes the role {}", least.name()).into()).into()
}

/// Whether a form came from a page of this server. Browsers say so in one of two ways; a program that says nothing
/// has no cookie that it did not mean to send.
fn is_ours(headers: &HeaderMap, app: &App) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = origin.split_once("://").map(|(_, host)| host);
    let is_host = host.is_some() && host == header(HOST.as_str());
    let own = app.options.url.as_str();
    let is_own = own.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_host || is_own
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_proxy_on_this_machine_is_believed_about_whom_it_saw_last_and_nobody_else() {
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let (far, client): (IpAddr, IpAddr) = ("192.0.2.7".parse().unwrap(), "203.0.113.9".parse().unwrap());
        let told = |text: &'static str| {
            HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), HeaderValue::from_static(text))])
        };
        assert_eq!(client_of(&told("198.51.100.1, 203.0.113.9"), here), client);
        assert_eq!(client_of(&told("203.0.113.9"), "::ffff:127.0.0.1".parse().unwrap()), client);
        assert_eq!(client_of(&told("203.0.113.9"), far), far);
        assert_eq!(client_of(&told("nonsense"), here), here);
        assert_eq!(client_of(&HeaderMap::new(), here), here);
    }

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let headers =
            HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("xcontactgram=1; contactgram=2; c=3"))]);
        assert_eq!(cookie(&headers, "contactgram").as_deref(), Some("2"));
        assert_eq!(cookie(&headers, "gram"), None);
    }
}
