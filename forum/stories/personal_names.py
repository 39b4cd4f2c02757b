"""Capitalised words: first names, titles that come before a surname, and words that are no person's name.

Lists for personal_details.py, made by hand. FIRST_NAMES holds only names that are no other English word, so that one is
recognised at the beginning of a sentence too ("Dave came" is a name; "Will came" is ambiguous).
"""

from __future__ import annotations

_FIRST_NAMES = """
    Aaron Abdi Abdul Abdullah Abigail Adam Adebayo Adele Aidan Aisha Alan Alastair Albert Alex Alexander Alexandra
    Alfie Ali Alice Alison Alistair Amanda Amelia Amina Amir Amy Ana Andrea Andrew Andrzej Andy Angela Angus Anita
    Anna Anne Annette Annie Anthony Antonio Archie Arthur Ashley Asif Audrey Ayesha Barbara Barry Beatrice Becky Ben
    Benjamin Bernadette Bernard Beth Betty Beverley Bilal Bob Brenda Brian Bridget Bruce Callum Cameron Carl Carla
    Carlos Carol Caroline Catherine Cathy Cecilia Charles Charlie Charlotte Chen Chloe Chris Christina Christine
    Christopher Claire Clara Clive Colin Connor Craig Dan Daniel Danielle Danny Darren Dave David Deborah Debbie
    Deepak Delroy Denise Dennis Derek Diana Diane Dmitri Dominic Donald Donna Doreen Doris Dorothy Douglas Duncan
    Dylan Ebony Eddie Edith Edna Edward Eileen Elaine Eleanor Elena Elizabeth Ella Ellen Ellie Elsie Emily Emma Eric
    Erica Esther Ethan Eva Evelyn Ewa Farah Fatima Femi Fiona Florence Francesca Francis Fred Freya Gareth Gary
    Gavin Gemma Geoff George Georgia Gerald Geraldine Gillian Giovanni Gladys Glen Gloria Gordon Graham Greg Gregory
    Gwen Hannah Harold Harriet Harrison Harvey Hassan Hazel Helen Henry Hilary Howard Hugh Hussein Ian Ibrahim
    Ifeoma Imran Ines Isaac Isabel Isabella Isla Ivan Jackie Jacob Jacqueline Jake James Jamie Jan Jane Janet Janice
    Jasmine Jason Jean Jeff Jennifer Jenny Jeremy Jerome Jess Jessica Jill Jim Jimmy Jo Joan Joanna Joanne Joe Joel
    John Johnny Jonathan Jordan Joseph Josephine Josh Joshua Joyce Juan Judith Judy Julia Julian Julie Kamal Karen
    Kareem Karl Kate Katherine Kathleen Kathryn Katie Kayleigh Keith Kelly Ken Kenneth Kerry Kevin Khadija Kieran
    Kim Kimberley Kirsty Kofi Krishna Kwame Kyle Laura Lauren Lawrence Layla Leah Leila Leo Leon Leonard Lesley
    Leslie Lewis Liam Linda Lindsay Lisa Liz Lloyd Lorraine Louise Lucas Lucy Luke Lydia Lynn Maggie Malcolm Mandy
    Manuel Marcus Margaret Maria Marian Marie Marilyn Mario Marjorie Martha Martin Mary Maryam Matt Matthew Maureen
    Maurice Megan Mehmet Melanie Melissa Michael Michelle Miguel Mike Mildred Miriam Mo Mohamed Mohammed Moira Molly
    Monica Muhammad Muriel Nadia Nancy Naomi Natalie Natasha Nathan Neil Nellie Nia Niamh Nicholas Nicola Nicole
    Nigel Nikhil Nina Noah Noel Nora Norma Norman Olga Olive Oliver Olivia Oluwaseun Omar Oscar Owen Paddy Pamela
    Patricia Patrick Paul Paula Pauline Pavel Penelope Percy Peter Phil Philip Phillip Phoebe Phyllis Pierre Piotr
    Poppy Priya Rachel Raj Rajesh Ralph Ramesh Rashid Ravi Raymond Rebecca Reg Reggie Rhys Richard Rita Robert
    Roberta Robin Rodney Roger Ron Ronald Ronnie Rosemary Rosie Ross Roy Russell Ruth Ryan Sabrina Sadia Sally Sam
    Samantha Samira Samuel Sandra Sanjay Sara Sarah Saskia Scott Sean Sebastian Seun Shabana Shane Shannon Sharon
    Shaun Sheila Shirley Sian Siobhan Siobhán Simon Sinead Sofia Sonia Sophie Stacey Stan Stanley Stella Stephanie
    Stephen Steve Steven Stewart Stuart Sunita Susan Susie Suzanne Sylvia Tamara Tanya Tariq Ted Teresa Terence
    Terry Thelma Theresa Thomas Tim Timothy Tina Toby Tom Tommy Tony Tracey Tracy Trevor Valerie Vanessa Vera
    Veronica Vicky Victoria Viktor Vincent Wahid Walter Wanda Wayne Wendy Wesley William Winston Yasmin Yusuf Yvonne
    Zachary Zahra Zainab Zara Zoe Zofia
"""
# Titles before a surname; alone they are not a name.
_TITLES = """
    Mr Mrs Ms Miss Mx Dr Doctor Prof Professor Nurse Sister Matron Midwife PC WPC DC DI Sgt Sergeant Constable
    Inspector Officer Paramedic Reverend Rev Father Imam Rabbi Pastor Sir Dame Lord Lady Councillor Cllr Judge Aunt
    Auntie Uncle
"""
_DAYS = """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Tues Wed Thu Thurs Fri Sat Sun January February
    March April May June July August September October November December Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct
    Nov Dec Christmas Boxing Eve Easter Ramadan Eid Diwali Hanukkah Passover Lent Advent Halloween Bank Holiday New
    Year Day Victorian Edwardian Covid
"""
_PEOPLES = """
    English British Britain Scottish Scots Welsh Irish European Europe African Africa Caribbean Asian Asia American
    America Polish Romanian Bulgarian Ukrainian Russian Lithuanian Hungarian Czech Slovak German French Spanish
    Italian Portuguese Greek Turkish Kurdish Iranian Iraqi Syrian Afghan Pakistani Indian Bangladeshi Chinese
    Vietnamese Japanese Korean Somali Nigerian Ghanaian Kenyan Ethiopian Eritrean Sudanese Jamaican Brazilian
    Albanian Roma Romani Gypsy Traveller Arabic Urdu Punjabi Bengali Gujarati Hindi Tamil Farsi Pashto Cantonese
    Mandarin Yoruba Igbo Swahili Latin Gaelic Muslim Christian Catholic Protestant Anglican Methodist Baptist Quaker
    Jewish Jew Hindu Sikh Buddhist Islam Christianity Quran Koran Bible God Allah Jesus Lord Black White
"""
# Places so large that they identify nobody.
_PLACES = """
    UK England Scotland Wales Ireland Northern London Birmingham Manchester Leeds Liverpool Sheffield Bristol
    Newcastle Nottingham Leicester Coventry Bradford Hull Stoke Wolverhampton Plymouth Derby Southampton Portsmouth
    Brighton Reading Norwich Oxford Cambridge York Cardiff Swansea Newport Edinburgh Glasgow Aberdeen Dundee
    Inverness Belfast Derry Dublin Thames Severn Humber Tyne Mersey Midlands Cornwall Devon Kent Essex Sussex Surrey
    Norfolk Suffolk Yorkshire Lancashire Cumbria Cheshire Poland Romania Ukraine Russia Germany France Spain Italy
    Portugal Greece Turkey Syria Iraq Iran Afghanistan Pakistan India Bangladesh China Somalia Nigeria Ghana Kenya
    Jamaica Brazil Canada Australia
"""
_SERVICES = """
    Accident Emergency Urgent Care Centre Center Department Ward Unit Bay Bed Room Hospital Clinic Surgery Practice
    Trust Foundation Board Integrated System Council Borough County City Town Community Mental Health Crisis Team
    Home Treatment Service Services Social Worker Work Duty Night Day Shift Manager Nurse Nurses Doctor Doctors
    Consultant Registrar Psychiatrist Psychiatry Psychologist Psychology Liaison Paramedic Practitioner Support Peer
    Advocate Advocacy Carer Carers Patient Patients Family Police Ambulance Fire Station Court Tribunal Office
    Officer Ministry Government Parliament House Commons Lords Minister Prime Secretary State Act Section Code Bill
    Law Human Rights Capacity Safeguarding Quality Commission Commissioner Ombudsman Authority Committee Institute
    Royal College University School Nursery Church Mosque Temple Synagogue Chapel Samaritans Mind Rethink Shout
    Childline Healthwatch Citizens Advice Salvation Army Red Cross National Local General District North South East
    West Central Upper Lower Street Road Security Reception Triage Majors Minors Resus Green Blue Yellow Orange
    Google Facebook WhatsApp Twitter Instagram Zoom Teams Tesco Greggs Boots Lidl Aldi Uber Internet Wi-Fi Street
    Place Safety Plan Form Mum Mam Mummy Mother Dad Daddy Father Gran Granny Nan Nana Grandma Grandad Grandpa
    Brother Son Daughter Baby Sir Madam Queen King Prince Princess
"""
# Words that begin sentences, and so may stand capitalised before a name.
_STARTS = """
    A After All Although Also Always An And Another Any Are As Ask At Back Be Because Before Both Bring But By Call
    Can Could Did Do Does Each Even Ever Every Everybody Everyone Everything Eventually Finally First Follow For
    From Get Give Go Had Has Have He Hello Her Here Hers Hi His How However I If In Instead Into Is It Its Just Last
    Later Leave Let Like Look Many Maybe Me Meanwhile Mine More Most My Name Neither Never Next No Nobody None Not
    Nothing Now Of Off Often Oh Ok Okay On Once One Only Or Other Our Out Over Perhaps Phone Please Poor Put Quietly
    Ring See Send She Should Since So Some Somebody Someone Something Sometimes Soon Still Such Suddenly Take Tell
    Text Thank Thanks That The Their Them Then There These They This Those Though Three Through To Today Together
    Tomorrow Tonight Too Two Under Until Up Us Was We Well Were What When Where Whether Which While Who Whoever
    Whose Why Will With Without Would Write Yes Yesterday Yet You Your Dear Sorry
"""

FIRST_NAMES = frozenset(_FIRST_NAMES.split())
TITLES = frozenset(_TITLES.split())
# Capitalised words that are neither a person's name nor a place that could identify one.
ORDINARY = frozenset(f"{_DAYS} {_PEOPLES} {_PLACES} {_SERVICES} {_STARTS}".split())
NO_NAMES = ORDINARY | TITLES
