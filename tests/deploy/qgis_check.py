"""Maps and polygons as QGIS has them, without a screen: layers valid, styles applied, classes by name in the legend, the colours of
the legend on the rendered picture. FOLDER holds what `predict` wrote of the scene `synth`; the pictures are left there."""
import csv
import os
import shutil
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"
try:
    from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsRasterLayer, QgsVectorLayer
    from qgis.PyQt.QtCore import QSize
    from qgis.PyQt.QtGui import QColor
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

folder = sys.argv[1]
application = QgsApplication([], False)  # kept: its end is the libraries' end
application.initQgis()
names = [row["class"] for row in csv.DictReader(open(f"{folder}/synth_classes.csv"))]
colours = {row["class"]: tuple(int(row[k]) for k in ("red", "green", "blue")) for row in csv.DictReader(open(f"{folder}/synth_classes.csv"))}
shown = {row["class"] for row in csv.DictReader(open(f"{folder}/synth_classes.csv")) if int(row["pixels"]) > 0}


def render(layer, name, background="white", step=3):
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(layer.extent())
    settings.setOutputSize(QSize(480, 480))
    settings.setBackgroundColor(QColor(background))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(f"{folder}/{name}.png")
    return {QColor(image.pixel(x, y)).getRgb()[:3] for x in range(0, 480, step) for y in range(0, 480, step)}


classes = QgsRasterLayer(f"{folder}/synth_classes.tif", "classes")
assert classes.isValid() and classes.renderer().type() == "paletted", classes.renderer().type()
legend = {c.label: c.color.getRgb()[:3] for c in classes.renderer().classes()}
assert list(legend) == names, legend
assert all(legend[n] == colours[n] for n in names)
seen = render(classes, "qgis_classes")
assert {colours[n] for n in shown} >= seen - {(255, 255, 255)} and len(seen & {colours[n] for n in shown}) > 0, seen

# What has no data is seen through: a copy with nothing in it but its first row of pixels.
from osgeo import gdal
shutil.copy(f"{folder}/synth_classes.tif", f"{folder}/hole.tif")
shutil.copy(f"{folder}/synth_classes.qml", f"{folder}/hole.qml")
hole = gdal.Open(f"{folder}/hole.tif", gdal.GA_Update)
band = hole.GetRasterBand(1)
pixels = band.ReadAsArray()
pixels[1:] = 0
band.WriteArray(pixels)
del band, hole
behind = (255, 0, 255)
assert render(QgsRasterLayer(f"{folder}/hole.tif", "hole"), "qgis_hole", QColor(*behind), 1) <= {behind} | {colours[n] for n in shown}

patches = QgsVectorLayer(f"{folder}/predictions.gpkg|layername=predictions", "predictions", "ogr")
assert patches.isValid() and patches.renderer().type() == "categorizedSymbol", patches.renderer().type()
assert [c.label() for c in patches.renderer().categories()] == names
assert render(patches, "qgis_patches") & set(colours.values())
for category in patches.renderer().categories():
    fill = category.symbol().symbolLayer(0)
    assert fill.strokeWidth() == 0.1 and fill.strokeColor().getRgb() == (255, 255, 255, 110), "a thin light outline"

# One band in colours, not three classes as red, green and blue: the most frequent class, and the entropy.
counts = [int(row["pixels"]) for row in csv.DictReader(open(f"{folder}/synth_classes.csv"))]
for layer, band in (("probabilities", 1 + counts.index(max(counts))), ("quality", 2)):
    raster = QgsRasterLayer(f"{folder}/synth_{layer}.tif", layer)
    assert raster.renderer().type() == "singlebandpseudocolor" and raster.renderer().band() == band, (layer, raster.renderer().band())
    assert (raster.renderer().classificationMin(), raster.renderer().classificationMax()) == (0, 1)
    assert len(render(raster, f"qgis_{layer}")) > 20, layer

# Patches of a country are smaller than a point: their marks are seen.
def seen_from_afar(layer):
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    extent = layer.extent()
    extent.scale(2000)
    settings.setExtent(extent)
    settings.setOutputSize(QSize(480, 480))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    return sum(QColor(image.pixel(x, y)).getRgb()[:3] != (255, 255, 255) for x in range(480) for y in range(480))


assert seen_from_afar(patches) >= 9
answers = QgsVectorLayer(f"{folder}/found/results.gpkg|layername=answers", "answers", "ogr")
assert answers.isValid() and answers.renderer().type() == "graduatedSymbol"
assert seen_from_afar(answers) >= 60

probabilities = QgsRasterLayer(f"{folder}/synth_probabilities.tif", "probabilities")
assert probabilities.isValid() and probabilities.bandName(1).endswith(names[0]) and probabilities.bandCount() == len(names)
print("QGIS shows classes, patches and probabilities")
sys.stdout.flush()
os._exit(0)  # its libraries do not always end well without a screen
