"""Returned mails, as mail servers write them."""

DSN = """\
From: MAILER-DAEMON@mx.example.com
To: help@kpopusa.test
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
Arrival-Date: Thu, 5 Mar 2026 20:00:00 +0000

Final-Recipient: rfc822; jo@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <jo@example.com>: no such user

--b1
Content-Type: message/rfc822

From: KPOP USA <help@kpopusa.test>
To: jo@example.com
Subject: Your order
Message-ID: {message_id}

Hello Jo,
--b1--
"""
HEADERS_ONLY = DSN.replace("message/rfc822", "text/rfc822-headers")
EXIM = """\
From: Mail Delivery System <Mailer-Daemon@mx.example.com>
To: help@kpopusa.test
Auto-Submitted: auto-replied
X-Failed-Recipients: jo@example.com
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  jo@example.com
    no such user

------ This is a copy of the message, including all the headers. ------

From: KPOP USA <help@kpopusa.test>
To: jo@example.com
Subject: Your order
Message-ID: {message_id}

Hello Jo,
"""
OUT_OF_OFFICE = """\
From: jo@example.com
To: help@kpopusa.test
Subject: Out of office
Auto-Submitted: auto-replied
In-Reply-To: {message_id}

I am away until Monday.
"""
