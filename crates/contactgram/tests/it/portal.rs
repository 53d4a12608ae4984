//! The portal's doors, over HTTP as a browser would and a forger might: who gets to which page, which forms are
//! taken, what the cookie and the headers are. What pages look like and do is tried in a real browser elsewhere.

mod bots;
mod doors;
mod files;
mod forms;
mod transfer;

use contactgram_testkit::{Answer, Client, Method, TestServer};

pub const PASSWORD: &str = "a long enough password";

/// Somebody with a browser: a cookie, and the token that their pages have in forms.
#[derive(Clone)]
pub struct Browser {
    root: Client,
    pub cookie: String,
    pub csrf: String,
}

impl Browser {
    pub fn stranger(server: &TestServer) -> Browser {
        Browser { root: Client::new(server.url()), cookie: String::new(), csrf: String::new() }
    }

    /// A new member, signed in by the link that the command line prints.
    pub async fn member(server: &TestServer, name: &str, role: &[&str]) -> Browser {
        let made = server.cli_json(&[&["member", "add", name, "--json"], role].concat()).await;
        let link = made.to_string();
        let code = link.split("code=").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
        let form = format!("code={code}&password={PASSWORD}&again={PASSWORD}");
        let answer = Browser::stranger(server).post("/portal/welcome", &form).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/portal")), "{}", answer.text);
        Browser::stranger(server).with(&answer).await
    }

    /// The same browser with the cookie of an answer.
    pub async fn with(mut self, answer: &Answer) -> Browser {
        let cookie = answer.header("set-cookie").expect("a cookie");
        self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let page = self.get("/portal/me").await;
        let token = page.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        self.csrf = token.expect("forms have a token").to_owned();
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.root.send(self.root.request(Method::GET, path).header("cookie", &self.cookie)).await
    }

    pub async fn post(&self, path: &str, form: &str) -> Answer {
        self.post_from(path, form, &[]).await
    }

    pub async fn post_from(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.root.request(Method::POST, path).header("cookie", &self.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let kind = "application/x-www-form-urlencoded";
        self.root.send(request.header("content-type", kind).body(form.replace(' ', "+"))).await
    }

    pub async fn ask(&self, verb: &str, path: &str) -> Answer {
        match verb {
            "GET" => self.get(path).await,
            _ => self.post(path, &format!("csrf={}", self.csrf)).await,
        }
    }
}

/// What a page says is wrong with a field.
pub fn beside(page: &str, field: &str) -> String {
    let from = page.split(&format!("id=\"{field}-wrong\">")).nth(1);
    from.and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
}
