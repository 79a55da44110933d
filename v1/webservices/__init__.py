"""Web services of SDK v1 (Model.deploy, Webservice, AciWebservice, AksWebservice), which run on this machine."""
