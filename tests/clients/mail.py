"""Hands in mail with Python's own smtplib and email, at the port given."""

import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

port = int(sys.argv[1])


def session():
    context = ssl.create_default_context()
    # The certificate is made for the run, so nobody can vouch for it.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    smtp = smtplib.SMTP("127.0.0.1", port, timeout=10)
    smtp.ehlo()
    assert smtp.has_extn("starttls") and smtp.has_extn("auth"), smtp.esmtp_features
    smtp.starttls(context=context)
    smtp.ehlo()
    assert not smtp.has_extn("starttls"), smtp.esmtp_features
    for name in ("auth", "size", "8bitmime", "smtputf8", "pipelining", "enhancedstatuscodes"):
        assert smtp.has_extn(name), (name, smtp.esmtp_features)
    return smtp


def login(smtp, mechanism):
    smtp.user, smtp.password = "amt", "geheim"
    smtp.auth(mechanism, getattr(smtp, "auth_" + mechanism.lower()))


with session() as smtp:
    try:
        smtp.user, smtp.password = "amt", "falsch"
        smtp.auth("PLAIN", smtp.auth_plain)
        raise SystemExit("a wrong password was taken")
    except smtplib.SMTPAuthenticationError as error:
        assert error.smtp_code == 535, error
    login(smtp, "PLAIN")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "a@b.example", "c@d.example", "Größe"
    mail.set_content("Grüße\n.Punkt\n")
    mail.add_attachment(b"%PDF-1.4\n", "application", "pdf", filename="Maßübersicht.pdf")
    mail.add_attachment(b"\x00\xff\r\n.\r\n", "application", "octet-stream", filename='a "b"; c.bin')
    long = "sehr langer Name " * 8 + "ß.pdf"
    mail.add_attachment(b"x", "application", "pdf", filename=long)
    mail.add_attachment(b"y", "application", "octet-stream")
    mail.add_attachment("Straße;1\n", subtype="csv", filename="tabelle.csv")
    smtp.send_message(mail)

with session() as smtp:
    login(smtp, "LOGIN")
    mail = EmailMessage(policy=SMTPUTF8)
    mail["From"], mail["To"] = "müller@b.example", "bürgeramt@d.example"
    mail["Subject"] = "Raw UTF-8: Größe"
    mail.set_content("Grüße\n", cte="8bit")
    smtp.send_message(mail)
    try:
        smtp.sendmail("a@b.example", ["c@d.example"], b"x" * 10, ["SIZE=99999999999"])
        raise SystemExit("a message too large was announced and taken")
    except smtplib.SMTPSenderRefused as error:
        assert error.smtp_code == 552, error
    try:
        smtp.sendmail("a@b.example", ["c@d.example"], b"Subject: bare\n\nLF\n")
        raise SystemExit("a message with bare LFs was taken")
    except smtplib.SMTPDataError as error:
        assert error.smtp_code == 554, error
    smtp.sendmail("a@b.example", ["c@d.example"], "Subject: plain\n\n.\n..\n", ["BODY=8BITMIME"])
