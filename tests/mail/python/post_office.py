"""A mail server for tests: aiosmtpd with STARTTLS and a login, which prints every mail that it takes as a line of JSON.

How it treats a mail follows from the address: `grey-…` is put off the first time, `gone-…` is refused for good, `slow-…`
is taken after three seconds.

usage: python post_office.py FOLDER PORT RATE MODE    port 0 is any; rate is mails a second; mode is one of
    tls       STARTTLS, and the login ann / right horse
    plain     no TLS and no login at all
    foreign   STARTTLS with a certificate for another name
The first line says {"port": …}; FOLDER/ca.pem is the authority, made once.
"""

import asyncio
import datetime
import email
import email.policy
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(subject, key, issuer, issuer_key, extensions):
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - day).not_valid_after(now + 30 * day)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(item):
    if isinstance(item, x509.Certificate):
        return item.public_bytes(serialization.Encoding.PEM)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return item.private_bytes(encoding, form, serialization.NoEncryption())


def authority(folder):
    """The authority's key and the file of its certificate, made by the first server of a folder."""
    path = folder / "ca.key"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        basic = (x509.BasicConstraints(ca=True, path_length=None), True)
        path.write_bytes(pem(key))
        (folder / "ca.pem").write_bytes(pem(certificate("authority", key, "authority", key, [basic])))
    return serialization.load_pem_private_key(path.read_bytes(), None)


def context(folder, host):
    key = ec.generate_private_key(ec.SECP256R1())
    names = (x509.SubjectAlternativeName([x509.DNSName(host)]), False)
    made = certificate(host, key, "authority", authority(folder), [names])
    (folder / "server.pem").write_bytes(pem(key) + pem(made))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.pem")
    return tls


def login(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"ann" and data.password == b"right horse")


class Taker:
    """Takes mails, so many a second at most."""

    def __init__(self, rate):
        self.pause = 1 / rate
        self.free = 0.0
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        print(json.dumps({"tried": address}), flush=True)
        if address.startswith("gone-"):
            return f"550 no {address} here"
        if address.startswith("grey-") and address not in self.seen:
            self.seen.add(address)
            return f"451 {address} is put off"
        envelope.rcpt_tos.append(address)
        return "250 well"

    async def handle_DATA(self, server, session, envelope):
        now = asyncio.get_running_loop().time()
        self.free = max(now, self.free) + self.pause
        slow = 3 if envelope.rcpt_tos[0].startswith("slow-") else 0
        await asyncio.sleep(self.free - now + slow)
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        told = {"to": envelope.rcpt_tos, "from": envelope.mail_from, "subject": mail["Subject"]}
        told |= {"names": sorted(mail.keys()), "date": mail["Date"], "text": mail.get_content()}
        print(json.dumps(told | {"tls": session.ssl is not None, "login": session.authenticated}), flush=True)
        return "250 taken"


async def serve(folder, port, rate, mode):
    guarded = {"require_starttls": True, "auth_required": True, "authenticator": login}
    guarded["tls_context"] = context(folder, "elsewhere.example" if mode == "foreign" else "localhost")
    taker = Taker(rate)
    made = lambda: SMTP(taker, hostname="localhost", enable_SMTPUTF8=True, **({} if mode == "plain" else guarded))
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", port)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    folder, port, rate, mode = sys.argv[1:]
    asyncio.run(serve(pathlib.Path(folder), int(port), float(rate), mode))
