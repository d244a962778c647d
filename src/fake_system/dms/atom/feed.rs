//! Feeds and their pages (CMIS 1.1, section 3.5.1).

use super::Asked;
use super::entry::head;
use super::urls::{FEED, SERVICE};
use super::xml::Xml;
use crate::channel::http::Reply;
use crate::fake_system::dms::navigation::Page;

/// A feed without its entries.
pub(super) struct Feed<'a> {
    pub asked: &'a Asked<'a>,
    pub media_type: &'static str,
    pub title: &'a str,
    /// Milliseconds.
    pub updated: i64,
    /// Further links: relation, media type, address.
    pub links: Vec<(String, &'static str, String)>,
    /// Where it is a part of a list: the part, how many there are.
    pub paged: Option<(Page, usize)>,
    /// What can be posted to it, where it is a collection.
    pub accepts: &'static [&'static str],
}

impl Feed<'_> {
    /// The feed as an answer.
    pub fn reply(self, status: u16, entries: impl FnOnce(&mut Xml)) -> Reply {
        let url = self.asked.url();
        let media_type = self.media_type;
        let text = Xml::document("atom:feed", |xml| {
            head(xml, (media_type, &url), self.title, self.updated);
            xml.link("service", SERVICE, self.asked.urls.service());
            for (relation, media_type, url) in &self.links {
                xml.link(relation, media_type, url);
            }
            if !self.accepts.is_empty() {
                xml.inside("app:collection", &[("href", &url)], |xml| {
                    xml.leaf("atom:title", self.title);
                    for accepted in self.accepts {
                        xml.leaf("app:accept", accepted);
                    }
                });
            }
            if let Some((page, total)) = self.paged {
                self.pages(xml, page, total);
            }
            entries(xml);
        });
        Reply::text(status, media_type, text)
    }

    /// Links to other parts. `previous` is what the standard says; clients also look for `prev`, the
    /// other name of the same relation.
    fn pages(&self, xml: &mut Xml, page: Page, total: usize) {
        let (most, skip) = (page.most, page.skip);
        if most > 0 {
            let mut link = |relation: &str, skip: usize| {
                let url = self.asked.urls.page(self.asked.resource, &self.asked.form, most, skip);
                xml.link(relation, FEED, &url);
            };
            link("first", 0);
            if skip > 0 {
                link("previous", skip.saturating_sub(most));
                link("prev", skip.saturating_sub(most));
            }
            if skip.saturating_add(most) < total {
                link("next", skip + most);
            }
            link("last", total.saturating_sub(1) / most * most);
        }
        xml.leaf("cmisra:numItems", &total.to_string());
    }
}
