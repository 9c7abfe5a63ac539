"""报送: channels, what each of them is sent, and the programs' side of SMTP, chat robots and folders."""
